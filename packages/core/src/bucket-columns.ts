/**
 * The columns of a series that comes in buckets, one element a bucket that has points, sorted by x. First and last are
 * by x and their y is finite; min and max are of finite values and come with their x, the least where equal ones are
 * several. In a bucket without a finite value the y of all four is NaN and their x is the first point's. `sum` is of
 * finite values; `count` is of all points.
 */
export const bucketColumns = [
  'firstX',
  'firstY',
  'minX',
  'minY',
  'maxX',
  'maxY',
  'lastX',
  'lastY',
  'count',
  'sum',
  'nanCount',
  'positiveInfinityCount',
  'negativeInfinityCount',
] as const

export type BucketColumn = (typeof bucketColumns)[number]
export type BucketColumns = Record<BucketColumn, Float64Array<ArrayBuffer>>

/** A column of each name, asked for in the order of `bucketColumns`. */
export const bucketColumnsBy = <Column>(of: (name: BucketColumn) => Column): Record<BucketColumn, Column> => ({
  firstX: of('firstX'),
  firstY: of('firstY'),
  minX: of('minX'),
  minY: of('minY'),
  maxX: of('maxX'),
  maxY: of('maxY'),
  lastX: of('lastX'),
  lastY: of('lastY'),
  count: of('count'),
  sum: of('sum'),
  nanCount: of('nanCount'),
  positiveInfinityCount: of('positiveInfinityCount'),
  negativeInfinityCount: of('negativeInfinityCount'),
})

/**
 * The numbers of a bucket over steps as they are stored, side by side, and as they are sent: taking them apart is left to who draws
 * them. `lastStep`, `firstStep`, `minStep` and `maxStep` are distances from the bucket's first step, `finalStep` is the distance
 * from the last finite value's step to the last step. `version` is of the store alone.
 */
export const packedFields = [
  'lastStep',
  'count',
  'nanCount',
  'positiveInfinityCount',
  'negativeInfinityCount',
  'firstStep',
  'first',
  'finalStep',
  'last',
  'minStep',
  'min',
  'maxStep',
  'max',
  'sum',
  'version',
] as const

export type PackedField = (typeof packedFields)[number]

const size = packedFields.length
const placeOf = (field: PackedField): number => packedFields.indexOf(field)

/** Buckets of any series, in any order: the first step of each, and its `packedFields`. */
export type BucketTable = { starts: Float64Array<ArrayBuffer>; fields: Float64Array<ArrayBuffer> }

/** Buckets `from` to `to` of a table, the latter left out. */
export type TableRows = { table: BucketTable; from: number; to: number }

/** How many points are in some buckets. */
export function pointsIn(parts: readonly TableRows[]): number {
  let points = 0
  for (const { table, from, to } of parts)
    for (let row = from, at = from * size + placeOf('count'); row < to; row++, at += size)
      points += table.fields[at] ?? 0
  return points
}

/** Which field each column is, and for an x what it is a distance from: the first step, or the last one. */
const unpacked: Readonly<Record<BucketColumn, readonly [field: PackedField, base?: 'start' | 'end']>> = {
  firstX: ['firstStep', 'start'],
  firstY: ['first'],
  minX: ['minStep', 'start'],
  minY: ['min'],
  maxX: ['maxStep', 'start'],
  maxY: ['max'],
  lastX: ['finalStep', 'end'],
  lastY: ['last'],
  count: ['count'],
  sum: ['sum'],
  nanCount: ['nanCount'],
  positiveInfinityCount: ['positiveInfinityCount'],
  negativeInfinityCount: ['negativeInfinityCount'],
}

/** The buckets of a series, given in the order of their steps, in columns over steps. */
export function unpackBuckets(parts: readonly TableRows[]): BucketColumns {
  const length = parts.reduce((sum, { from, to }) => sum + to - from, 0)
  const numbers = new Float64Array(length * bucketColumns.length)
  let next = 0
  return bucketColumnsBy((name) => {
    const column = numbers.subarray(next, next + length)
    next += length
    const [field, base] = unpacked[name]
    const [place, lastPlace] = [placeOf(field), placeOf('lastStep')]
    let row = 0
    for (const { table, from, to } of parts)
      for (let bucket = from, at = from * size; bucket < to; bucket++, at += size, row++) {
        const number = table.fields[at + place] ?? 0
        const start = table.starts[bucket] ?? 0
        if (base === undefined) column[row] = number
        else column[row] = base === 'start' ? start + number : start + (table.fields[at + lastPlace] ?? 0) - number
      }
    return column
  })
}
