import { type NativeBlock, numbersOf, packedOf } from '../engine/native-format.ts'
import { bucketSize, type FieldName, fieldNames, fields } from './bucket.ts'

/**
 * Which fields are stored as their distance from another one. Most are the same in every bucket, and so take next to no room:
 * `finalStep` and `finalTime` below the last ones, all others above the start. A base comes before what is told by it.
 */
const distances: readonly (readonly [name: FieldName, base: FieldName, sign: 1 | -1])[] = [
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
const places = distances.map(([name, base, sign]) => ({ at: fields[name], from: fields[base], sign }))

/** Numbers of a bucket in the column `fields`: all but its start, which is a column. */
const packedSize = bucketSize - 1
const packedBytes = 8 * packedSize

/**
 * The columns of a bucket. A chart wants most of its numbers, of many short ranges of rows: side by side they are one column to get at
 * and not twenty. Each has its name in SQL, too, with `lastStep` and others as their distances.
 */
export const packedColumns = `start Int64 CODEC(DoubleDelta, ZSTD), fields FixedString(${packedBytes}) CODEC(ZSTD(3)),
  ${fieldNames
    .filter((name) => name !== 'start')
    .map((name) => `${name} Float64 ALIAS reinterpretAsFloat64(substring(fields, ${8 * fields[name] - 7}, 8))`)
    .join(',\n  ')}`

/** The type of the packed buckets of several rows on their way in. */
export const packedArray = `Array(FixedString(${packedBytes}))` as const

/** What has to be selected for the functions below, which throw INTERNAL without it. */
export const selectedBuckets = 'toFloat64(start) AS startOf, fields'

/** Writes a field of the rows `from` to `to` of an answer, the latter left out, to `target` from `at` on. */
export function readField(
  block: NativeBlock,
  name: FieldName,
  { from, to }: { from: number; to: number },
  target: Float64Array,
  at: number,
): void {
  const packed = packedOf(block, 'fields').numbers
  const offset = (field: number): number => from * packedSize + field - 1
  // What the field is a distance from, and what that is one from in turn.
  const base = places.find((place) => place.at === fields[name])
  const next = places.find((place) => place.at === base?.from)
  const origin = next?.from ?? base?.from ?? fields[name]
  const rows = to - from
  if (origin === fields.start) target.set(numbersOf(block, 'startOf').subarray(from, to), at)
  else
    for (let row = 0, place = offset(origin); row < rows; row++, place += packedSize)
      target[at + row] = packed[place] ?? 0
  for (const step of [next, base]) {
    if (step === undefined) continue
    const { sign } = step
    for (let row = at, place = offset(step.at); row < at + rows; row++, place += packedSize)
      target[row] = (target[row] ?? 0) + sign * (packed[place] ?? 0)
  }
}

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

/** Packs buckets that lie side by side. */
export function packBuckets(buckets: Float64Array): Float64Array<ArrayBuffer> {
  const count = buckets.length / bucketSize
  const packed = new Float64Array(count * packedSize)
  for (let row = 0, at = 0, to = 0; row < count; row++, at += bucketSize, to += packedSize) {
    packed.set(buckets.subarray(at + 1, at + bucketSize), to)
    for (const place of places)
      packed[to + place.at - 1] = place.sign * ((buckets[at + place.at] ?? 0) - (buckets[at + place.from] ?? 0))
    const deviation = to + fields.deviation - 1
    packed[deviation] = shortened(packed[deviation] ?? 0)
  }
  return packed
}

/** A number to 24 bits, where these can say it: the others of a deviation say nothing that a reader of a spread could see. */
function shortened(value: number): number {
  const short = Math.fround(value)
  return Number.isFinite(short) && (short !== 0 || value === 0) ? short : value
}
