import { type PackedField, packedFields } from '@kiroku/core/bucket-columns'
import { type NativeBlock, numbersOf, packedOf } from '../engine/native-format.ts'
import { bucketSize, type FieldName, fieldNames, fields } from './bucket.ts'

/**
 * Which fields are stored as their distance from another one. Most are the same in every bucket, and so take next to no room:
 * `finalStep` and `finalTime` below the last ones, all others above the start. A base comes before what is told by it.
 */
const bases: readonly (readonly [name: FieldName, base: FieldName, sign: 1 | -1])[] = [
  ['lastStep', 'start', 1],
  ['lastTime', 'startTime', 1],
  ['firstStep', 'start', 1],
  ['firstTime', 'startTime', 1],
  ['finalStep', 'lastStep', -1],
  ['finalTime', 'lastTime', -1],
  ['minStep', 'start', 1],
  ['minTime', 'startTime', 1],
  ['maxStep', 'start', 1],
  ['maxTime', 'startTime', 1],
]
/** The same by a field's place in a bucket. */
const distances = fieldNames.map((field) => {
  const [base] = bases.filter(([name]) => name === field)
  return base && { at: fields[base[0]], from: fields[base[1]], sign: base[2] }
})

/**
 * The columns of a bucket. A chart wants most of its numbers, of many short ranges of rows: side by side they are one column to get at
 * and not twenty. Those that a chart over steps never asks for lie in a column of their own. The version is among them a second time,
 * since to get at its own column would take as long as at these.
 */
const packedNames: Readonly<Record<'fields' | 'times', readonly (FieldName | PackedField)[]>> = {
  fields: packedFields,
  times: ['startTime', 'lastTime', 'firstTime', 'finalTime', 'minTime', 'maxTime', 'deviation'],
}
type PackedName = keyof typeof packedNames

const columnOf = (name: FieldName): PackedName => (packedNames.times.includes(name) ? 'times' : 'fields')

/** Where a field is among those of its column; undefined for the start, which is a column of its own. */
const placeIn: readonly ({ column: PackedName; at: number; size: number } | undefined)[] = fieldNames.map((name) => {
  const column = columnOf(name)
  const at = packedNames[column].indexOf(name)
  return at < 0 ? undefined : { column, at, size: packedNames[column].length }
})

/** In SQL the type of a column of packed numbers. */
export const packedType = (column: PackedName): `FixedString(${number})` =>
  `FixedString(${8 * packedNames[column].length})`

/** Charts unpack `fields` all day: LZ4 does it in less time than ZSTD, and takes a two-hundredth more of all that is on disk. */
export const packedColumns = `start Int64 CODEC(DoubleDelta, ZSTD), fields ${packedType('fields')} CODEC(LZ4HC(9)),
  times ${packedType('times')} CODEC(ZSTD(3))`

/** A stored field in SQL; `lastStep` and others as their distances. Were these columns of the table, every statement would take longer. */
export function storedField(name: Exclude<FieldName, 'start'>): string {
  const column = columnOf(name)
  return `reinterpretAsFloat64(substring(${column}, ${8 * packedNames[column].indexOf(name) + 1}, 8))`
}

/** What has to be selected for the functions below, which throw INTERNAL without it. */
export const selectedBuckets = 'toFloat64(start) AS startOf, fields, times'

/** The same where no field of times is asked for, nor the deviation. */
export const selectedOverSteps = 'toFloat64(start) AS startOf, fields'

/** Writes a field of the rows `from` to `to` of an answer, the latter left out, to `target` from `at` on. */
export function readField(
  block: NativeBlock,
  name: FieldName,
  { from, to }: { from: number; to: number },
  target: Float64Array,
  at: number,
): void {
  // What the field is a distance from, and what that is one from in turn.
  const base = distances[fields[name]]
  const next = base && distances[base.from]
  const rows = to - from
  const origin = placeIn[next?.from ?? base?.from ?? fields[name]]
  if (origin === undefined) target.set(numbersOf(block, 'startOf').subarray(from, to), at)
  else {
    const { numbers } = packedOf(block, origin.column)
    for (let row = 0, place = from * origin.size + origin.at; row < rows; row++, place += origin.size)
      target[at + row] = numbers[place] ?? 0
  }
  for (const step of [next, base]) {
    const packed = step && placeIn[step.at]
    if (!packed) continue
    const { numbers } = packedOf(block, packed.column)
    for (let row = at, place = from * packed.size + packed.at; row < at + rows; row++, place += packed.size)
      target[row] = (target[row] ?? 0) + step.sign * (numbers[place] ?? 0)
  }
}

/** Tells of a row of an answer whether its bucket overlaps a range, of steps or of times. */
export function overlapOf(
  block: NativeBlock,
  kind: 'step' | 'time',
  { from, to }: { from: number; to: number },
): (row: number) => boolean {
  const column = kind === 'step' ? 'fields' : 'times'
  const { numbers } = packedOf(block, column)
  const size = packedNames[column].length
  const beginAt = packedNames.times.indexOf('startTime')
  const lengthAt = packedNames[column].indexOf(kind === 'step' ? 'lastStep' : 'lastTime')
  const starts = numbersOf(block, 'startOf')
  return (row) => {
    const begin = (kind === 'step' ? starts[row] : numbers[row * size + beginAt]) ?? 0
    return begin <= to && begin + (numbers[row * size + lengthAt] ?? 0) >= from
  }
}

/** In SQL how many of the values of a stored bucket are no finite numbers. */
export const notFiniteSql: string = (['nanCount', 'positiveInfinityCount', 'negativeInfinityCount'] as const)
  .map(storedField)
  .join(' + ')

/** A field of a row of an answer. */
export function fieldAt(block: NativeBlock, name: FieldName, row: number): number {
  readField(block, name, { from: row, to: row + 1 }, one, 0)
  return one[0] ?? Number.NaN
}
const one = new Float64Array(1)

/** The bucket of a row of an answer, as its numbers side by side. */
export const numbersOfRow = (block: NativeBlock, row: number): Float64Array<ArrayBuffer> =>
  Float64Array.from(fieldNames, (name) => fieldAt(block, name, row))

/** The bucket of a row of an answer by the names of its fields. */
export function bucketOf(block: NativeBlock, row: number): Record<FieldName, number> {
  const bucket: Record<FieldName, number> = { ...fields }
  for (const name of fieldNames) bucket[name] = fieldAt(block, name, row)
  return bucket
}

/** The first step of each of buckets that lie side by side. */
export const startsOf = (buckets: Float64Array): Float64Array<ArrayBuffer> =>
  Float64Array.from({ length: buckets.length / bucketSize }, (_, row) => buckets[row * bucketSize + fields.start] ?? 0)

/** Tells which version the bucket of a row of an answer is of. */
export function versionsOf(block: NativeBlock): (row: number) => number {
  const { numbers } = packedOf(block, 'fields')
  return (row) => numbers[row * packedFields.length + versionPlace] ?? 0
}
const versionPlace = packedFields.indexOf('version')

/** Packs buckets of a version that lie side by side, as one of the columns has them. */
export function packBuckets(buckets: Float64Array, column: PackedName, version: number): Float64Array<ArrayBuffer> {
  const names = packedNames[column]
  const packed = new Float64Array((buckets.length / bucketSize) * names.length)
  for (let bucket = 0, to = 0; bucket < buckets.length; bucket += bucketSize)
    for (const name of names) packed[to++] = name === 'version' ? version : packedField(buckets, bucket, name)
  return packed
}

function packedField(buckets: Float64Array, bucket: number, name: FieldName): number {
  const value = buckets[bucket + fields[name]] ?? 0
  if (name === 'deviation') return shortened(value)
  const base = distances[fields[name]]
  return base ? base.sign * (value - (buckets[bucket + base.from] ?? 0)) : value
}

/** A number to 24 bits, where these can say it: the others of a deviation say nothing that a reader of a spread could see. */
function shortened(value: number): number {
  const short = Math.fround(value)
  return Number.isFinite(short) && (short !== 0 || value === 0) ? short : value
}
