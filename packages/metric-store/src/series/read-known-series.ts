import { arraysOf, type NativeBlock, numbersOf, packedOf } from '../engine/native-format.ts'
import type { PointColumns } from '../rollups/bucket.ts'
import { inOrder } from '../rollups/fresh-points.ts'
import type { Freshness } from '../rollups/freshness.ts'
import { bucketOf } from '../rollups/stored-fields.ts'
import { traitsOf } from '../rollups/stored-rollups.ts'
import type { Whole, WholeCache } from '../rollups/whole-cache.ts'
import { clockOf, groupSeries, type KeyedSeries, type SeriesGroup } from './groups.ts'
import { isDrawnOver, type KnownSeries, onStep, xSeriesOf } from './known-series.ts'
import { type Asking, forEachSeries } from './raw-series.ts'
import { freshCountStatement, freshStatement, rowsBySeries, wholesStatement } from './rolled-sql.ts'
import { hashAt } from './rows-by-hash.ts'

type FreshPoints = PointColumns & { versions: Float64Array }

/**
 * So many points that the rollups do not know yet are read as they are for a chart, some 300 bytes of memory each; series that have
 * some are otherwise left to be cut from their points, in ClickHouse.
 */
const maxFreshPoints = 1_000_000

/**
 * Of series the ones that their rollups tell the whole of, by key: over steps, over times that rise with the steps, and over
 * a metric that does. Left out are those of a run that is being put in order, those that got points at steps from before, and
 * those that the rollups are far behind of.
 */
export async function readKnownSeries(
  asking: Asking,
  freshness: Freshness,
  series: readonly KeyedSeries[],
): Promise<Map<string, KnownSeries>> {
  // Before the rollups: points that they learn of meanwhile are told by their version.
  const look = await freshness.look(asking.engine, asking.project, [...new Set(series.map(({ run }) => run))])
  const usable = look.rolled === 0 ? [] : series.filter(({ run }) => !look.isReset(run))
  const wanted = usable.flatMap((entry) => {
    const x = xSeriesOf(entry)
    return x === null ? [entry] : [onStep(entry), x]
  })
  const fresh = new Map<string, FreshPoints | 'many'>()
  const freshGroups = groupSeries(wanted.filter(({ run }) => look.isFresh(run)))
  await Promise.all(freshGroups.map((group) => readFreshOf(asking, group, look.rolled, fresh)))
  const known = new Map<string, KnownSeries>()
  const wholes = await readWholes(asking, freshness.wholes, wanted)
  for (const entry of wanted) {
    const whole = wholes.get(onStep(entry).key)
    const later = fresh.get(entry.key)
    const of = whole && later !== 'many' ? knownSeriesOf(entry, whole, later) : null
    if (of) known.set(entry.key, of)
  }
  for (const entry of usable) {
    const x = xSeriesOf(entry)
    if (x === null) continue
    const [of, over] = [known.get(onStep(entry).key), known.get(x.key)]
    if (of && over && isDrawnOver(of, over)) known.set(entry.key, { ...of, over })
  }
  return known
}

async function readFreshOf(
  { engine, project, signal }: Asking,
  group: SeriesGroup,
  after: number,
  found: Map<string, FreshPoints | 'many'>,
): Promise<void> {
  const blocks = await engine.columns({ ...freshStatement(project, group, after, maxFreshPoints + 1), signal })
  if (pointsIn(blocks) > maxFreshPoints) {
    const counts = await engine.columns({ ...freshCountStatement(project, group, after), signal })
    forEachSeries(group, counts, (key, block, row) => {
      if ((numbersOf(block, 'points')[row] ?? 0) > 0) found.set(key, 'many')
    })
    return
  }
  forEachSeries(group, blocks, (key, block, row) => {
    const column = (name: string): Float64Array => arraysOf(block, name)[row] ?? new Float64Array(0)
    found.set(key, {
      steps: column('steps'),
      times: column('times'),
      values: column('numbers'),
      versions: column('versions'),
    })
  })
}

const pointsIn = (blocks: readonly NativeBlock[]): number =>
  blocks.reduce((sum, block) => arraysOf(block, 'versions').reduce((total, { length }) => total + length, sum), 0)

/** The wholes of series, by the key that they have over steps. Those that the cache has are not asked for. */
export async function readWholes(
  { engine, project, signal }: Asking,
  cache: WholeCache | null,
  series: readonly KeyedSeries[],
): Promise<Map<string, Whole>> {
  const changes = cache?.changes ?? 0
  const wholes = new Map<string, Whole>()
  const unknown: KeyedSeries[] = []
  for (const entry of series.map(onStep)) {
    const whole = cache?.get(entry.run, entry.key)
    if (whole) wholes.set(entry.key, whole)
    else if (whole === undefined) unknown.push(entry)
  }
  await Promise.all(
    groupSeries(unknown).map(async (group) => {
      const blocks = await engine.columns({ ...wholesStatement(project, group), signal })
      for (const { key, block, from, to } of rowsBySeries(group, blocks))
        for (let row = from; row < to; row++) {
          const at = (name: string): number => numbersOf(block, name)[row] ?? 0
          if ((wholes.get(key)?.version ?? -1) > at('version')) continue
          wholes.set(key, {
            bucket: bucketOf(block, row),
            traits: traitsOf(block, row),
            validFrom: at('validFrom'),
            version: at('version'),
            hash: hashAt(packedOf(block, 'seriesOf').bytes, row),
          })
        }
    }),
  )
  for (const { run, key } of unknown) cache?.set(run, key, wholes.get(key) ?? null, changes)
  return wholes
}

function knownSeriesOf({ x, segments }: KeyedSeries, whole: Whole, fresh: FreshPoints | undefined): KnownSeries | null {
  const clock = clockOf(segments)
  const { bucket, traits, validFrom, version, hash } = whole
  const later = inOrder(newerThan(version, fresh))
  const isInOrder =
    bucket.count > 0 &&
    (x.kind !== 'relative' || clock.starts.length === 1) &&
    (later.steps.length === 0 || (later.steps[0] ?? 0) > bucket.lastStep) &&
    (x.kind === 'step' || (traits.timeRises && risesFrom(bucket.lastTime, later.times)))
  return isInOrder ? { x, clock, whole: bucket, traits, fresh: later, validFrom, version, hash } : null
}

function newerThan(version: number, points: FreshPoints | undefined): PointColumns {
  if (points === undefined) return { steps: empty, times: empty, values: empty }
  const { versions } = points
  const pick = (column: Float64Array): Float64Array => column.filter((_, index) => (versions[index] ?? 0) > version)
  return { steps: pick(points.steps), times: pick(points.times), values: pick(points.values) }
}

const empty = new Float64Array(0)

function risesFrom(first: number, times: Float64Array): boolean {
  let last = first
  for (const time of times) {
    if (time < last) return false
    last = time
  }
  return true
}
