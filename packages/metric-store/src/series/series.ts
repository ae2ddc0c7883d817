import { type Buckets, cutBuckets, isSentAsPoints } from '@kiroku/core/buckets'
import type { Engine } from '../engine/engine.ts'
import type { Freshness } from '../rollups/freshness.ts'
import type { StoredSeries, StoreSeriesAnswer, StoreSeriesRequest } from '../types.ts'
import { chooseLevel, rawPointBudget } from './choose-level.ts'
import { cutPoints } from './cut-points.ts'
import { type KeyedSeries, withKey } from './groups.ts'
import { extentOfKnown, type KnownSeries } from './known-series.ts'
import { readBucketsOver } from './over-metric.ts'
import {
  type Asking,
  type Columns,
  type Facts,
  type PointsOfSeries,
  readFacts,
  readRawBuckets,
  readRawPoints,
} from './raw-series.ts'
import { readKnownSeries } from './read-known-series.ts'
import { type LevelledSeries, type Rolled, readRolledBuckets } from './rolled-buckets.ts'

type Range = { from: number; to: number }

/**
 * Reads the series of a chart: what the rollups tell of each, how many points the others have, then the large ones from the
 * level of the rollups that has a bucket for one or two pixels, and the rest as points, or as buckets cut from their points.
 */
export async function readSeries(
  engine: Engine,
  freshness: Freshness,
  request: StoreSeriesRequest,
  signal: AbortSignal | undefined,
): Promise<StoreSeriesAnswer> {
  const { project, width, times = true } = request
  const series = request.series.map(withKey)
  const asking = { engine, project, signal }
  const known = await readKnownSeries(asking, freshness, series)
  const facts = await factsOf(asking, series, request.range, known)
  const range = request.range ?? extentOf([...facts.values()])
  const columns =
    range === null ? new Map<string, Found>() : await readColumns(asking, { series, width, range, times }, known, facts)
  return {
    range,
    series: series.map((entry) => {
      const withoutX = facts.get(entry.key)?.withoutX ?? 0
      return answeredSeries(entry, columns.get(entry.key) ?? emptyPoints(), withoutX)
    }),
  }
}

/**
 * Facts of all series. Those of a known one that is wholly in range follow from what is known of it, and of one that is cut
 * about how many of its points are in range.
 */
async function factsOf(
  asking: Asking,
  series: readonly KeyedSeries[],
  range: Range | undefined,
  known: ReadonlyMap<string, KnownSeries>,
): Promise<Map<string, Facts>> {
  const unknown = series.filter((entry) => !known.has(entry.key))
  const facts = await readFacts(asking, unknown, range ?? null)
  for (const entry of series) {
    const of = known.get(entry.key)
    if (of === undefined) continue
    const { count, minX, maxX } = extentOfKnown(of)
    const inRange = range === undefined ? count : aboutInRange(count, { from: minX, to: maxX }, range)
    facts.set(entry.key, { withoutX: 0, count: inRange, minX, maxX })
  }
  return facts
}

/** About how many of the points of an extent are in a range; 0 only when none can be. */
function aboutInRange(count: number, extent: Range, range: Range): number {
  const [from, to] = [Math.max(extent.from, range.from), Math.min(extent.to, range.to)]
  if (to < from) return 0
  if (extent.to === extent.from) return count
  return Math.max(1, Math.ceil(count * ((to - from) / (extent.to - extent.from))))
}

/** What a series comes as: its points, or buckets. */
type Found = Columns | Rolled

type Drawn = { series: readonly KeyedSeries[]; width: number; range: Range; times: boolean }

async function readColumns(
  asking: Asking,
  drawn: Drawn,
  known: ReadonlyMap<string, KnownSeries>,
  facts: ReadonlyMap<string, Facts>,
): Promise<Map<string, Found>> {
  const found = drawn.series.filter((entry) => (facts.get(entry.key)?.count ?? 0) > 0)
  const counts = new Map(found.map((entry) => [entry.key, facts.get(entry.key)?.count ?? 0]))
  const levelled = chooseLevels({ ...drawn, series: found }, known, counts)
  const rolled = await readLevels(asking, levelled, { ...drawn, series: found })
  const rest = found.filter((entry) => !rolled.has(entry.key))
  return new Map<string, Found>([...rolled, ...(await readRaw(asking, { ...drawn, series: rest }, known, facts))])
}

/** Which series come from which level. Where the points themselves would be too many, the lowest is better than none. */
function chooseLevels(
  { series, width }: Drawn,
  known: ReadonlyMap<string, KnownSeries>,
  counts: ReadonlyMap<string, number>,
): LevelledSeries[] {
  const asked = series.map((entry) => {
    const points = counts.get(entry.key) ?? 0
    return { entry, points, level: chooseLevel({ points, width, seriesCount: series.length }) }
  })
  const rawPoints = asked.reduce((sum, { points, level }) => (level === null ? sum + points : sum), 0)
  return asked.flatMap(({ entry, points, level }) => {
    const of = known.get(entry.key)
    const lowest = rawPoints > rawPointBudget && !isSentAsPoints(points, width) ? 0 : null
    const chosen = level ?? lowest
    return of === undefined || chosen === null ? [] : [{ series: entry, known: of, level: chosen }]
  })
}

/**
 * Reads series from their levels. Where points lie unevenly there may be far fewer in the range than it looked: then a lower
 * level has them, or the points themselves do, and these series are left out.
 */
async function readLevels(
  asking: Asking,
  levelled: readonly LevelledSeries[],
  drawn: Drawn,
): Promise<Map<string, Rolled>> {
  const columns = new Map<string, Rolled>()
  let wanted = levelled
  while (wanted.length > 0) {
    const over = wanted.flatMap((entry) => (entry.known.over ? [{ ...entry, over: entry.known.over }] : []))
    const plain = wanted.filter(({ known }) => !known.over)
    const [read, readOver] = await Promise.all([
      readRolledBuckets(asking, plain, drawn.range),
      readBucketsOver(asking, over, drawn.range),
    ])
    const again: LevelledSeries[] = []
    for (const entry of wanted) {
      const { key } = entry.series
      const found = read.get(key) ?? readOver.get(key)
      if (!found) continue
      const points = pointsOfRolled(found)
      const level = chooseLevel({ points, width: drawn.width, seriesCount: drawn.series.length })
      if (level !== null && level < entry.level) again.push({ ...entry, level })
      else if (level !== null || (entry.level === 0 && !isSentAsPoints(points, drawn.width))) columns.set(key, found)
    }
    wanted = again
  }
  return columns
}

async function readRaw(
  asking: Asking,
  { series, width, range, times }: Drawn,
  known: ReadonlyMap<string, KnownSeries>,
  facts: ReadonlyMap<string, Facts>,
): Promise<Map<string, Columns>> {
  const isCut = (entry: KeyedSeries): boolean => {
    const of = known.get(entry.key)
    if (!of) return false
    const { minX, maxX } = extentOfKnown(of)
    return minX < range.from || maxX > range.to
  }
  // A series has one point a step at most: over few steps it needs neither be counted nor be cut by ClickHouse.
  const onSteps = series.filter(({ x }) => x.kind === 'step')
  const most = Math.min(stepsIn(range) * onSteps.length, pointsOf(onSteps, known, facts))
  const isPlain = ({ x }: KeyedSeries): boolean =>
    x.kind === 'step' && (most <= rawPointBudget || isSentAsPoints(stepsIn(range), width))
  // Buckets over steps have no times, which are a column more to read.
  const mayBePoints = (entry: KeyedSeries): boolean =>
    isCut(entry) || isSentAsPoints(facts.get(entry.key)?.count ?? 0, width)
  const others = series.filter((entry) => !isPlain(entry))
  const counted = await readFacts(asking, others.filter(isCut), range)
  const countOf = (entry: KeyedSeries): number => (isCut(entry) ? counted : facts).get(entry.key)?.count ?? 0
  const isSmall = (entry: KeyedSeries): boolean => isSentAsPoints(countOf(entry), width)
  const found = others.filter((entry) => countOf(entry) > 0)
  const buckets = usableBuckets(cutBuckets(range, width))
  const [plain, points, cut] = await Promise.all([
    readRawPoints(asking, series.filter(isPlain), range, known, times && series.filter(isPlain).some(mayBePoints)),
    readRawPoints(asking, found.filter(isSmall), range, known),
    readRawBuckets(
      asking,
      found.filter((entry) => !isSmall(entry)),
      range,
      buckets,
    ),
  ])
  return new Map([
    ...points,
    ...cut,
    ...[...plain].map(([key, columns]): [string, Columns] => [key, fitting(columns, width, buckets)]),
  ])
}

/** How many points series have that may be in range: all of a known one. */
function pointsOf(
  series: readonly KeyedSeries[],
  known: ReadonlyMap<string, KnownSeries>,
  facts: ReadonlyMap<string, Facts>,
): number {
  return series.reduce((sum, entry) => {
    const of = known.get(entry.key)
    return sum + (of ? extentOfKnown(of).count : (facts.get(entry.key)?.count ?? 0))
  }, 0)
}

/** Points over steps as they are, or as buckets where there are too many for the width. */
function fitting(columns: PointsOfSeries, width: number, buckets: Buckets): Columns {
  const { step, time, y } = columns
  if (isSentAsPoints(step.length, width)) return columns
  return cutPoints({ steps: step, times: time, values: y }, buckets)
}

const stepsIn = ({ from, to }: Range): number => Math.max(0, Math.floor(to) - Math.ceil(from) + 1)

function extentOf(facts: readonly Facts[]): Range | null {
  const drawn = facts.filter(({ count }) => count > 0)
  if (drawn.length === 0) return null
  return drawn.reduce((range, { minX, maxX }) => ({ from: Math.min(range.from, minX), to: Math.max(range.to, maxX) }), {
    from: Number.POSITIVE_INFINITY,
    to: Number.NEGATIVE_INFINITY,
  })
}

/** A range so wide that its extent is not a finite number has one bucket. */
function usableBuckets(buckets: Buckets): Buckets {
  return Number.isFinite(buckets.width) ? buckets : { from: buckets.from, width: Number.MAX_VALUE, count: 1 }
}

const emptyPoints = (): Columns => ({
  x: new Float64Array(0),
  y: new Float64Array(0),
  step: new Float64Array(0),
  time: new Float64Array(0),
})

function answeredSeries({ run, metric, stream, x }: KeyedSeries, found: Found, withoutX: number): StoredSeries {
  if ('x' in found) return { run, metric, stream, x, withoutX, form: 'points', count: found.x.length, columns: found }
  const count = pointsOfRolled(found)
  if ('rows' in found) return { run, metric, stream, x, withoutX, form: 'packed', count, rows: found.rows }
  return { run, metric, stream, x, withoutX, form: 'buckets', count, columns: found }
}

const pointsOfRolled = (found: Rolled): number => ('rows' in found ? found.points : totalOf(found.count))

function totalOf(counts: Float64Array): number {
  let total = 0
  for (const count of counts) total += count
  return total
}
