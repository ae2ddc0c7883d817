import type { EarlyTerminate } from './sweep-config.ts'

/** The last iteration of a band without an end of its own. */
const lastIteration = 1_000_000

const maxBands = 40
/** Of an `eta` close to 1 thousands of steps may lie within one iteration. */
const stepsOfBands = 1000

/** The iterations at which runs are judged, ascending: at most 40. */
export function bandsOf({ min_iter, max_iter, s, eta }: EarlyTerminate): number[] {
  const bands = new Set<number>()
  const isUp = min_iter != null
  const end = max_iter ?? lastIteration
  const steps = isUp ? stepsOfBands : max_iter == null ? 0 : Math.min(stepsOfBands, s ?? 1)
  for (let step = 0, band = isUp ? min_iter : end / eta; step < steps && bands.size < maxBands; step++) {
    if (band > end || band < 1) break
    bands.add(Math.floor(band))
    band = isUp ? band * eta : band / eta
  }
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
