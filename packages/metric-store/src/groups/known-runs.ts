import { numbersOf } from '../engine/native-format.ts'
import type { Freshness } from '../rollups/freshness.ts'
import type { Whole } from '../rollups/whole-cache.ts'
import { groupSeries, type KeyedSeries } from '../series/groups.ts'
import { onStep } from '../series/known-series.ts'
import type { Asking } from '../series/raw-series.ts'
import { readWholes } from '../series/read-known-series.ts'
import type { RequestedSeries } from '../types.ts'
import { type FactsOf, freshFactsStatement, type RunFacts } from './group-sql.ts'

/** A run whose series can be had from its rollup and the points that came since, and where on its axis these all are. */
export type KnownRun = {
  entry: KeyedSeries
  whole: Whole
  hasFresh: boolean
  count: number
  minX: number
  maxX: number
}

/** Known runs by the key of their series, what statements must know of every run, and up to where the rollups are. */
export type KnownRuns = { byKey: Map<string, KnownRun>; factsOf: FactsOf; rolled: number }

const unknownFacts = { lastStep: 0, version: 0, validFrom: 0 }

/**
 * Tells which series their rollups and later points make up. Others have to be read from their points: those of a run that is
 * being put in order, with points at steps from before, over another metric, over times that go back, or over several clocks.
 */
export async function readKnownRuns(
  asking: Asking,
  freshness: Freshness,
  series: readonly KeyedSeries[],
): Promise<KnownRuns> {
  const runs = [...new Set(series.map(({ run }) => run))]
  const look = await freshness.look(asking.engine, asking.project, runs)
  // Told before the rollups are read: of points that these learn of meanwhile it would not be told any more.
  const freshRuns = new Set(runs.filter((run) => look.isFresh(run)))
  const facts = new Map<string, RunFacts>(series.map((entry, place) => [entry.key, { place, ...unknownFacts }]))
  const factsOf = (key: string): RunFacts => facts.get(key) ?? { place: 0, ...unknownFacts }
  const byKey = new Map<string, KnownRun>()
  const usable = series.filter(({ run, x }) => look.rolled > 0 && x.kind !== 'metric' && !look.isReset(run))
  const wholes = await readWholes(asking, freshness.wholes, usable)
  const manyClocks = new Set(
    groupSeries(usable.filter(({ x }) => x.kind === 'relative')).flatMap(({ runs, clocks }) =>
      runs.filter((_, index) => clocks[index]?.starts.length !== 1),
    ),
  )
  for (const entry of usable) {
    const { key } = entry
    const whole = wholes.get(onStep(entry).key)
    if (!whole || whole.bucket.count === 0 || manyClocks.has(entry.run)) continue
    if (entry.x.kind !== 'step' && !whole.traits.timeRises) continue
    const { version, validFrom, bucket } = whole
    facts.set(key, { place: factsOf(key).place, lastStep: bucket.lastStep, version, validFrom })
    const [from, to] = entry.x.kind === 'step' ? [bucket.start, bucket.lastStep] : [bucket.startTime, bucket.lastTime]
    const base = baseOf(entry)
    byKey.set(key, { entry, whole, hasFresh: false, count: bucket.count, minX: from - base, maxX: to - base })
  }
  const fresh = [...byKey.values()].map(({ entry }) => entry).filter(({ run }) => freshRuns.has(run))
  await addFresh(asking, fresh, look.rolled, { byKey, factsOf, rolled: look.rolled }, series)
  return { byKey, factsOf, rolled: look.rolled }
}

/** What has to be taken off the times of a run with one clock. */
function baseOf({ x, segments }: RequestedSeries): number {
  const [first] = segments
  return x.kind === 'relative' && first ? first.startedAt - first.runtimeBeforeMs : 0
}

async function addFresh(
  { engine, project, signal }: Asking,
  series: readonly KeyedSeries[],
  after: number,
  { byKey, factsOf }: KnownRuns,
  all: readonly KeyedSeries[],
): Promise<void> {
  const read = groupSeries(series).map(async (group) => {
    for (const block of await engine.columns({ ...freshFactsStatement(project, group, after, factsOf), signal })) {
      const at = (name: string, row: number): number => numbersOf(block, name)[row] ?? 0
      for (let row = 0; row < block.rows; row++) {
        const entry = all[at('placeKey', row)]
        const known = entry && byKey.get(entry.key)
        if (!entry || !known) continue
        if (at('early', row) > 0) {
          byKey.delete(entry.key)
          continue
        }
        const [from, to] = entry.x.kind === 'step' ? ['minStep', 'maxStep'] : ['minTime', 'maxTime']
        const base = baseOf(entry)
        byKey.set(entry.key, {
          ...known,
          hasFresh: true,
          count: known.count + at('points', row),
          minX: Math.min(known.minX, at(from ?? '', row) - base),
          maxX: Math.max(known.maxX, at(to ?? '', row) - base),
        })
      }
    }
  })
  await Promise.all(read)
}
