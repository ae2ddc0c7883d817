import { bucketColumnsBy } from '@kiroku/core/bucket-columns'
import { type Buckets, bucketOf } from '@kiroku/core/buckets'
import { bucketSize, fields, type PointColumns, summarize } from '../rollups/bucket.ts'
import { fieldsOn } from './bucket-fields.ts'
import type { Columns } from './raw-series.ts'

/** Cuts points, in the order of their steps, into buckets of steps; those without a point are left out. */
export function cutPoints(points: PointColumns, buckets: Buckets): Columns {
  const { steps } = points
  const ends: number[] = []
  for (let index = 1, bucket = bucketOf(buckets, steps[0] ?? 0); index <= steps.length; index++) {
    const next = index < steps.length ? bucketOf(buckets, steps[index] ?? 0) : -1
    if (next !== bucket) ends.push(index)
    bucket = next
  }
  // One allocation a series: there may be hundreds of them.
  const cut = new Float64Array(ends.length * bucketSize)
  ends.forEach((end, row) => {
    summarize(cut.subarray(row * bucketSize, (row + 1) * bucketSize), points, ends[row - 1] ?? 0, end)
  })
  return bucketColumnsBy((name) => {
    const column = new Float64Array(ends.length)
    for (let row = 0, at = fields[fieldsOn.step[name]]; row < column.length; row++, at += bucketSize)
      column[row] = cut[at] ?? 0
    return column
  })
}
