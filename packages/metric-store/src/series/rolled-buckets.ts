import type { bucketColumns } from '@kiroku/core/series'
import { type NativeBlock, numbersOf } from '../engine/native-format.ts'
import { bucketSize, type FieldName, fields, type PointColumns, summarize } from '../rollups/bucket.ts'
import { pointsOfLevel } from '../rollups/levels.ts'
import { fieldOf, hasField } from '../rollups/stored-fields.ts'
import type { RequestedSeries } from '../types.ts'
import { groupSeries, inHalves, type SeriesGroup, seriesKeyOf } from './groups.ts'
import { axisOf, type KnownSeries } from './known-series.ts'
import { type Asking, type Columns, keyAt } from './raw-series.ts'
import { bucketRowsStatement } from './rolled-sql.ts'

type Range = { from: number; to: number }
type BucketColumn = (typeof bucketColumns)[number]

/** A series to read from a level, with what is known of it. */
export type LevelledSeries = { series: RequestedSeries; known: KnownSeries; level: number }

/** Where each column of an answer comes from. */
const sources: Readonly<Record<'step' | 'time', Readonly<Record<BucketColumn, FieldName>>>> = {
  step: columnsOn('firstStep', 'minStep', 'maxStep', 'finalStep'),
  time: columnsOn('firstTime', 'minTime', 'maxTime', 'finalTime'),
}

function columnsOn(
  firstX: FieldName,
  minX: FieldName,
  maxX: FieldName,
  lastX: FieldName,
): Record<BucketColumn, FieldName> {
  return {
    firstX,
    firstY: 'first',
    minX,
    minY: 'min',
    maxX,
    maxY: 'max',
    lastX,
    lastY: 'last',
    count: 'count',
    sum: 'sum',
    nanCount: 'nanCount',
    positiveInfinityCount: 'positiveInfinityCount',
    negativeInfinityCount: 'negativeInfinityCount',
  }
}

const onAxis: readonly BucketColumn[] = ['firstX', 'minX', 'maxX', 'lastX']
/** Fields that are 0 (null), or the same as another one, in a series whose values are all finite: not read there. */
const whenFinite: ReadonlyMap<FieldName, FieldName | null> = new Map<FieldName, FieldName | null>([
  ['nanCount', null],
  ['positiveInfinityCount', null],
  ['negativeInfinityCount', null],
  ['firstStep', 'start'],
  ['firstTime', 'startTime'],
  ['finalStep', 'lastStep'],
  ['finalTime', 'lastTime'],
])

/**
 * Reads buckets of the series' levels that overlap the range, whole: those at its edges may begin before it and end behind
 * it. A series that was stored anew meanwhile is left out.
 */
export async function readRolledBuckets(
  asking: Asking,
  wanted: readonly LevelledSeries[],
  range: Range,
): Promise<Map<string, Columns>> {
  const byKey = new Map(wanted.map((entry) => [seriesKeyOf(entry.series), entry]))
  const columns = new Map<string, Columns>()
  const levels = [...new Set(wanted.map(({ level }) => level))]
  await Promise.all(
    levels.flatMap((level) =>
      inHalves(groupSeries(wanted.filter((entry) => entry.level === level).map(({ series }) => series))).map(
        async (group) => {
          for (const [key, rows] of await readGroup(asking, group, level, range, byKey)) {
            const entry = byKey.get(key)
            const cut = entry && bucketsOf(rows, entry, range)
            if (cut) columns.set(key, cut)
          }
        },
      ),
    ),
  )
  return columns
}

/** Neighbouring rows of an answer that are of one series. */
type Rows = { block: NativeBlock; from: number; to: number }

async function readGroup(
  { engine, project, signal }: Asking,
  group: SeriesGroup,
  level: number,
  range: Range,
  byKey: ReadonlyMap<string, LevelledSeries>,
): Promise<Map<string, Rows[]>> {
  const axis = group.x.kind === 'step' ? 'step' : 'time'
  const wholes = wholesOf(group, byKey)
  const isAllFinite = wholes.every(
    (whole) => whole && whole.nanCount + whole.positiveInfinityCount + whole.negativeInfinityCount === 0,
  )
  const extent = axis === 'step' ? (['lastStep'] as const) : (['startTime', 'lastTime'] as const)
  const names = [...new Set<FieldName>(['start', ...extent, ...Object.values(sources[axis])])].filter(
    (name) => !isAllFinite || !whenFinite.has(name),
  )
  const cut = widest(group, byKey, range)
  // Where every step has its point no bucket is longer, in steps, than it has points.
  const isDense = wholes.every((whole) => whole && whole.lastStep - whole.start + 1 === whole.count)
  const startFrom = cut && axis === 'step' && isDense ? Math.ceil(cut.from) - pointsOfLevel(level) + 1 : null
  const blocks = await engine.columns({
    ...bucketRowsStatement(project, group, { level, axis, range: cut, names, startFrom: safeWhole(startFrom) }),
    signal,
  })
  const bySeries = new Map<string, Rows[]>()
  for (const block of blocks) {
    const runs = group.runs.length > 1 ? numbersOf(block, 'runIndexKey') : null
    const metrics = group.metrics.length > 1 ? numbersOf(block, 'metricIndexKey') : null
    for (let from = 0, row = 1; row <= block.rows; row++) {
      if (row < block.rows && runs?.[row] === runs?.[from] && metrics?.[row] === metrics?.[from]) continue
      const key = keyAt(group, runs?.[from] ?? 0, metrics?.[from] ?? 0)
      const others = bySeries.get(key)
      if (others) others.push({ block, from, to: row })
      else bySeries.set(key, [{ block, from, to: row }])
      from = row
    }
  }
  return bySeries
}

const safeWhole = (step: number | null): number | null => (Number.isSafeInteger(step) ? step : null)

/** The wholes of a group's series; undefined for one that was not asked for. */
function wholesOf(
  group: SeriesGroup,
  byKey: ReadonlyMap<string, LevelledSeries>,
): (KnownSeries['whole'] | undefined)[] {
  return group.runs.flatMap((run) =>
    group.metrics.map(
      (metric) => byKey.get(seriesKeyOf({ run, metric, stream: group.stream, x: group.x }))?.known.whole,
    ),
  )
}

/** The range in steps or times that has those of all runs of a group; null when it has all of every series. */
function widest(group: SeriesGroup, byKey: ReadonlyMap<string, LevelledSeries>, range: Range): Range | null {
  const bases = group.x.kind === 'relative' ? group.clocks.map((clock) => clock.bases[0] ?? 0) : [0]
  const whole = { from: range.from + Math.min(...bases), to: range.to + Math.max(...bases) }
  const isAll = wholesOf(group, byKey).every((known) => {
    if (!known) return false
    const [from, to] = group.x.kind === 'step' ? [known.start, known.lastStep] : [known.startTime, known.lastTime]
    return from >= whole.from && to <= whole.to
  })
  return isAll ? null : whole
}

/** Where on its axis a series is read: in steps or times, `base` taken off, the range without that. */
type Place = { kind: 'step' | 'time'; base: number; range: Range }

/** The columns of a series, or null when its rows are not of the version that is known. */
function bucketsOf(parts: readonly Rows[], { series, known, level }: LevelledSeries, range: Range): Columns | null {
  const { kind, base } = axisOf(known, series.run)
  const place = { kind, base, range: { from: range.from + base, to: range.to + base } }
  const rows = validRows(parts, known, place)
  if (rows === null) return null
  const stored = rows.reduce((sum, { from, to }) => sum + to - from, 0)
  const tail = tailBuckets(known.fresh, pointsOfLevel(level), place)
  const total = stored + tail.length / bucketSize
  const column = (name: BucketColumn): Float64Array<ArrayBuffer> => {
    const field = sources[kind][name]
    const values = new Float64Array(total)
    let at = 0
    for (const { block, from, to } of rows) {
      const read = hasField(block, field) ? field : whenFinite.get(field)
      if (read) values.set(fieldOf(block, read).subarray(from, to), at)
      at += to - from
    }
    for (let bucket = 0; at < total; at++, bucket++) values[at] = tail[bucket * bucketSize + fields[field]] ?? 0
    if (base !== 0 && onAxis.includes(name))
      for (let index = 0; index < total; index++) values[index] = (values[index] ?? 0) - base
    return values
  }
  return {
    firstX: column('firstX'),
    firstY: column('firstY'),
    minX: column('minX'),
    minY: column('minY'),
    maxX: column('maxX'),
    maxY: column('maxY'),
    lastX: column('lastX'),
    lastY: column('lastY'),
    count: column('count'),
    sum: column('sum'),
    nanCount: column('nanCount'),
    positiveInfinityCount: column('positiveInfinityCount'),
    negativeInfinityCount: column('negativeInfinityCount'),
  }
}

/**
 * The rows that are of a series as it is known and overlap the range, sorted, the newest of each start. ClickHouse gives them
 * in stretches that are sorted, as a rule; null when one is newer than what is known.
 */
function validRows(parts: readonly Rows[], known: KnownSeries, place: Place): Rows[] | null {
  const stretches: Rows[] = []
  const [startName, lastName] =
    place.kind === 'step' ? (['start', 'lastStep'] as const) : (['startTime', 'lastTime'] as const)
  for (const { block, from, to } of parts) {
    const versions = numbersOf(block, 'version')
    const starts = fieldOf(block, 'start')
    const begins = fieldOf(block, startName)
    const ends = fieldOf(block, lastName)
    let stretch: Rows | null = null
    for (let row = from; row < to; row++) {
      const version = versions[row] ?? 0
      if (version > known.version) return null
      const isValid =
        version >= known.validFrom && (begins[row] ?? 0) <= place.range.to && (ends[row] ?? 0) >= place.range.from
      if (!isValid) stretch = null
      else if (stretch && (starts[row] ?? 0) > (starts[row - 1] ?? 0)) stretch.to = row + 1
      else {
        stretch = { block, from: row, to: row + 1 }
        stretches.push(stretch)
      }
    }
  }
  const startOf = ({ block, from }: Rows): number => fieldOf(block, 'start')[from] ?? 0
  const endOf = ({ block, to }: Rows): number => fieldOf(block, 'start')[to - 1] ?? 0
  const sorted = stretches.sort((a, b) => startOf(a) - startOf(b))
  const isInOrder = sorted.every((stretch, index) => {
    const before = sorted[index - 1]
    return before === undefined || endOf(before) < startOf(stretch)
  })
  return isInOrder ? sorted : newestRows(sorted)
}

/** Of rows with the same start the newest, each by itself, sorted. */
function newestRows(stretches: readonly Rows[]): Rows[] {
  const newest = new Map<number, Rows>()
  const versionOf = ({ block, from }: Rows): number => numbersOf(block, 'version')[from] ?? 0
  for (const { block, from, to } of stretches) {
    const starts = fieldOf(block, 'start')
    for (let row = from; row < to; row++) {
      const one = { block, from: row, to: row + 1 }
      const start = starts[row] ?? 0
      const other = newest.get(start)
      if (other === undefined || versionOf(other) < versionOf(one)) newest.set(start, one)
    }
  }
  return [...newest].sort(([one], [other]) => one - other).map(([, rows]) => rows)
}

/** Buckets of the points that came since the rollups were filled, of at most `size` points each, side by side. */
function tailBuckets(fresh: PointColumns, size: number, { kind, range }: Place): Float64Array {
  const xs = kind === 'step' ? fresh.steps : fresh.times
  const from = xs.findIndex((x) => x >= range.from)
  const end = xs.findLastIndex((x) => x <= range.to) + 1
  if (from < 0 || end <= from) return new Float64Array(0)
  const buckets = new Float64Array(Math.ceil((end - from) / size) * bucketSize)
  for (let at = from, bucket = 0; at < end; at += size, bucket++)
    summarize(buckets.subarray(bucket * bucketSize, (bucket + 1) * bucketSize), fresh, at, Math.min(end, at + size))
  return buckets
}
