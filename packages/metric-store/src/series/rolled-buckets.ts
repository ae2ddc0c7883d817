import {
  type BucketColumn,
  type BucketTable,
  bucketColumns,
  bucketColumnsBy,
  pointsIn,
  type TableRows,
} from '@kiroku/core/bucket-columns'
import type { BucketSeries } from '@kiroku/core/series'
import { type NativeBlock, numbersOf, packedOf } from '../engine/native-format.ts'
import { bucketSize, fields, type PointColumns, summarize } from '../rollups/bucket.ts'
import { pointsOfLevel } from '../rollups/levels.ts'
import { bucketHash } from '../rollups/place.ts'
import { fieldAt, overlapOf, packBuckets, readField, startsOf, versionsOf } from '../rollups/stored-fields.ts'
import { fieldsOn } from './bucket-fields.ts'
import { groupSeries, inHalves, type KeyedSeries, type SeriesGroup } from './groups.ts'
import { axisOf, type KnownSeries } from './known-series.ts'
import type { Asking } from './raw-series.ts'
import { bucketRowsStatement } from './rolled-sql.ts'
import { type Rows, rowsByHash } from './rows-by-hash.ts'

type Range = { from: number; to: number }

/** A series to read from a level, with what is known of it. */
export type LevelledSeries = { series: KeyedSeries; known: KnownSeries; level: number }

const onAxis: readonly BucketColumn[] = ['firstX', 'minX', 'maxX', 'lastX']
const isCount = (name: BucketColumn): boolean => name.endsWith('Count')

/** Buckets of a series: over steps as they are stored, which leaves the most of their cost to who draws them. */
export type Rolled = BucketSeries['columns'] | { rows: readonly TableRows[]; points: number }

/**
 * Reads buckets of the series' levels that overlap the range, whole: those at its edges may begin before it and end behind
 * it. A series that was stored anew meanwhile is left out.
 */
export async function readRolledBuckets(
  asking: Asking,
  wanted: readonly LevelledSeries[],
  range: Range,
): Promise<Map<string, Rolled>> {
  const byKey = new Map(wanted.map((entry) => [entry.series.key, entry]))
  const rolled = new Map<string, Rolled>()
  const levels = [...new Set(wanted.map(({ level }) => level))]
  await Promise.all(
    levels.flatMap((level) =>
      inHalves(groupSeries(wanted.filter((entry) => entry.level === level).map(({ series }) => series))).map(
        async (group) => {
          for (const [key, rows] of await readGroup(asking, group, level, range, byKey)) {
            const entry = byKey.get(key)
            const found = entry && rolledOf(rows, entry, range)
            if (found) rolled.set(key, found)
          }
        },
      ),
    ),
  )
  return rolled
}

async function readGroup(
  { engine, project, signal }: Asking,
  group: SeriesGroup,
  level: number,
  range: Range,
  byKey: ReadonlyMap<string, LevelledSeries>,
): Promise<Map<string, Rows[]>> {
  const axis = group.x.kind === 'step' ? 'step' : 'time'
  const entries = group.keys.flat().flatMap((key) => byKey.get(key) ?? [])
  const keys = new Map(entries.map(({ series, known }) => [bucketHash(known.hash, level), series.key]))
  const wholes = entries.map(({ known }) => known.whole)
  const cut = widest(group, wholes, range)
  // Where every step has its point no bucket is longer, in steps, than it has points.
  const isDense = wholes.every((whole) => whole.lastStep - whole.start + 1 === whole.count)
  const startFrom = cut && axis === 'step' && isDense ? Math.ceil(cut.from) - pointsOfLevel(level) + 1 : null
  const blocks = await engine.columns({
    ...bucketRowsStatement(project, group, {
      level,
      hashes: [...keys.keys()],
      axis,
      range: cut,
      startFrom: safeWhole(startFrom),
    }),
    signal,
  })
  return rowsByHash(blocks, keys)
}

const safeWhole = (step: number | null): number | null => (Number.isSafeInteger(step) ? step : null)

/** The range in steps or times that has those of all runs of a group; null when it has all of every series. */
function widest(group: SeriesGroup, wholes: readonly KnownSeries['whole'][], range: Range): Range | null {
  const bases = group.x.kind === 'relative' ? group.clocks.map((clock) => clock.bases[0] ?? 0) : [0]
  const whole = { from: range.from + Math.min(...bases), to: range.to + Math.max(...bases) }
  const isAll = wholes.every((known) => {
    const [from, to] = group.x.kind === 'step' ? [known.start, known.lastStep] : [known.startTime, known.lastTime]
    return from >= whole.from && to <= whole.to
  })
  return isAll ? null : whole
}

/** Where on its axis a series is read: in steps or times, `base` taken off, the range without that. */
type Place = { kind: 'step' | 'time'; base: number; range: Range }

/** The buckets of a series, or null when its rows are not of the version that is known. */
function rolledOf(parts: readonly Rows[], { known, level }: LevelledSeries, range: Range): Rolled | null {
  const { kind, base } = axisOf(known)
  const place = { kind, base, range: { from: range.from + base, to: range.to + base } }
  const rows = validRows(parts, known, place)
  if (rows === null) return null
  const tail = tailBuckets(known.fresh, pointsOfLevel(level), place)
  if (kind === 'time') return columnsOf(rows, tail, known, base)
  const stored = rows.map(({ block, from, to }) => ({ table: tableOf(block), from, to }))
  if (tail.length > 0) {
    const table = { starts: startsOf(tail), fields: packBuckets(tail, 'fields', 0) }
    stored.push({ table, from: 0, to: table.starts.length })
  }
  return { rows: stored, points: pointsIn(stored) }
}

const tables = new WeakMap<NativeBlock, BucketTable>()

/** The rows of a block, the same for all of its series. */
function tableOf(block: NativeBlock): BucketTable {
  const known = tables.get(block)
  if (known) return known
  const table = { starts: numbersOf(block, 'startOf'), fields: packedOf(block, 'fields').numbers }
  tables.set(block, table)
  return table
}

/** Stored buckets and those of a tail in columns over times, with `base` taken off. */
function columnsOf(
  rows: readonly Rows[],
  tail: Float64Array,
  known: KnownSeries,
  base: number,
): BucketSeries['columns'] {
  const stored = rows.reduce((sum, { from, to }) => sum + to - from, 0)
  const total = stored + tail.length / bucketSize
  // One allocation a series: the garbage of thousands of small ones took longer than all the rest.
  const numbers = new Float64Array(total * bucketColumns.length)
  let next = 0
  return bucketColumnsBy((name) => {
    const field = fieldsOn.time[name]
    const values = numbers.subarray(next, next + total)
    next += total
    let at = 0
    // What is 0 in the whole is 0 in each.
    if (!isCount(name) || known.whole[field] !== 0)
      for (const { block, from, to } of rows) {
        readField(block, field, { from, to }, values, at)
        at += to - from
      }
    for (let index = 0; index < tail.length; index += bucketSize)
      values[stored + index / bucketSize] = tail[index + fields[field]] ?? 0
    if (base !== 0 && onAxis.includes(name))
      for (let row = 0; row < total; row++) values[row] = (values[row] ?? 0) - base
    return values
  })
}

/**
 * The rows that are of a series as it is known and overlap the range, sorted, the newest of each start. ClickHouse gives them
 * in stretches that are sorted, as a rule; null when one is newer than what is known.
 */
function validRows(parts: readonly Rows[], known: KnownSeries, place: Place): Rows[] | null {
  const stretches: Rows[] = []
  for (const { block, from, to } of parts) {
    const starts = numbersOf(block, 'startOf')
    const overlaps = overlapOf(block, place.kind, place.range)
    const versionAt = versionsOf(block)
    let stretch: Rows | null = null
    for (let row = from; row < to; row++) {
      const version = versionAt(row)
      if (version > known.version) return null
      if (version < known.validFrom || !overlaps(row)) stretch = null
      else if (stretch && (starts[row] ?? 0) > (starts[row - 1] ?? 0)) stretch.to = row + 1
      else {
        stretch = { block, from: row, to: row + 1 }
        stretches.push(stretch)
      }
    }
  }
  const sorted = stretches.sort((a, b) => startAt(a.block, a.from) - startAt(b.block, b.from))
  const isInOrder = sorted.every((stretch, index) => {
    const before = sorted[index - 1]
    return before === undefined || startAt(before.block, before.to - 1) < startAt(stretch.block, stretch.from)
  })
  return isInOrder ? sorted : newestRows(sorted)
}

const startAt = (block: NativeBlock, row: number): number => fieldAt(block, 'start', row)

/** Of rows with the same start the newest, each by itself, sorted. */
function newestRows(stretches: readonly Rows[]): Rows[] {
  const newest = new Map<number, Rows>()
  for (const { block, from, to } of stretches) {
    const versionAt = versionsOf(block)
    for (let row = from; row < to; row++) {
      const one = { block, from: row, to: row + 1 }
      const start = startAt(block, row)
      const other = newest.get(start)
      if (other === undefined || versionsOf(other.block)(other.from) < versionAt(row)) newest.set(start, one)
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
