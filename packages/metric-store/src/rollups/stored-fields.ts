import { type NativeBlock, numbersOf } from '../engine/native-format.ts'
import { type FieldName, fieldNames, fields } from './bucket.ts'

/**
 * Which fields are stored as their distance from another one. Most are the same in every bucket, and so take next to no room:
 * `finalStep` and `finalTime` below the last ones, all others above the start.
 */
const bases: Partial<Record<FieldName, FieldName>> = {
  lastStep: 'start',
  lastTime: 'startTime',
  firstStep: 'start',
  firstTime: 'startTime',
  finalStep: 'lastStep',
  finalTime: 'lastTime',
  minStep: 'start',
  minTime: 'startTime',
  maxStep: 'start',
  maxTime: 'startTime',
}

const signOf = (name: FieldName): 1 | -1 => (name === 'finalStep' || name === 'finalTime' ? -1 : 1)

const columnOfField = (name: FieldName): string => `${name} of a bucket`

/** Fields as an answer with many rows has them: ClickHouse adds up what is stored as distances. */
export function selectedFields(names: readonly FieldName[]): string {
  const absolute = (name: FieldName): string => {
    const base = bases[name]
    return base === undefined ? name : `${absolute(base)} ${signOf(name) > 0 ? '+' : '-'} ${name}`
  }
  return names.map((name) => `toFloat64(${absolute(name)}) AS \`${columnOfField(name)}\``).join(', ')
}

/** Whether an answer has a field that was selected so. */
export const hasField = (block: NativeBlock, name: FieldName): boolean => block.columns.has(columnOfField(name))

/**
 * A field of all rows of an answer that has it, or its stored columns; then the block keeps it. Throws INTERNAL without them.
 */
export function fieldOf(block: NativeBlock, name: FieldName): Float64Array<ArrayBuffer> {
  const known = block.columns.get(columnOfField(name))
  if (known instanceof Float64Array) return known
  const base = bases[name]
  const stored = numbersOf(block, name)
  if (base === undefined) return stored
  const from = fieldOf(block, base)
  const sign = signOf(name)
  const values = new Float64Array(stored.length)
  for (let row = 0; row < values.length; row++) values[row] = (from[row] ?? 0) + sign * (stored[row] ?? 0)
  block.columns.set(columnOfField(name), values)
  return values
}

/** A field of buckets on its way into the store. `column` gives the field of all of them. */
export function storedFieldOf(name: FieldName, column: (name: FieldName) => Float64Array): Float64Array {
  const values = column(name)
  const base = bases[name]
  // Half of the bytes of a deviation say nothing that a reader of a spread could see.
  if (base === undefined) return name === 'deviation' ? values.map(shortened) : values
  const from = column(base)
  return values.map((value, row) => signOf(name) * (value - (from[row] ?? 0)))
}

/** A number to 24 bits, where these can say it. */
function shortened(value: number): number {
  const short = Math.fround(value)
  return Number.isFinite(short) && (short !== 0 || value === 0) ? short : value
}

/** The bucket of a row of an answer with the stored columns of all fields. */
export function bucketOf(block: NativeBlock, row: number): Record<FieldName, number> {
  const bucket: Record<FieldName, number> = { ...fields }
  for (const name of fieldNames) bucket[name] = fieldOf(block, name)[row] ?? Number.NaN
  return bucket
}

/** A bucket as its numbers side by side. */
export const numbersOfBucket = (bucket: Readonly<Record<FieldName, number>>): Float64Array =>
  Float64Array.from(fieldNames, (name) => bucket[name])
