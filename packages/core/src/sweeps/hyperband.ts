import type { EarlyTerminate } from './sweep-config.ts'

/** The last iteration of a band without an end of its own. */
const lastIteration = 1_000_000

/** The iterations at which runs are judged, ascending: at most 40. */
export function bandsOf({ min_iter, max_iter, s, eta }: EarlyTerminate): number[] {
  const bands = new Set<number>()
  if (min_iter != null) {
    const end = max_iter ?? lastIteration
    for (let band = min_iter; band <= end && bands.size < 40; band *= eta) bands.add(Math.floor(band))
  } else if (max_iter != null)
    for (let band = max_iter / eta, left = s ?? 1; left > 0 && band >= 1; band /= eta, left--)
      bands.add(Math.floor(band))
  return [...bands].sort((left, right) => left - right)
}

/** The best value that a run had logged by each band that it has reached. */
export type BandValues = Readonly<Record<string, number>>

/**
 * Whether a run is stopped: at a band that it has reached, its best value is not among the best share `1 / eta` of all runs that
 * reached that band. Bands that fewer than `eta` runs have reached judge nobody. The last band that does judge counts; with
 * `strict` each of them, so that later runs can still end a run for what it was at an earlier band.
 */
export function isStoppedByHyperband(
  run: { iterations: number; values: BandValues },
  others: readonly BandValues[],
  { config, goal }: { config: EarlyTerminate; goal: 'minimize' | 'maximize' },
): boolean {
  const sign = goal === 'minimize' ? 1 : -1
  const judging = bandsOf(config).flatMap((band) => {
    const own = run.values[band]
    if (band > run.iterations || own === undefined) return []
    const all = [own, ...others.flatMap((values) => values[band] ?? [])].map((value) => sign * value)
    return all.length < config.eta ? [] : [{ own: sign * own, all }]
  })
  return (config.strict ? judging : judging.slice(-1)).some(({ own, all }) => {
    const kept = Math.max(1, Math.floor(all.length / config.eta))
    const threshold = all.toSorted((left, right) => left - right)[kept - 1] ?? Number.POSITIVE_INFINITY
    return own > threshold
  })
}
