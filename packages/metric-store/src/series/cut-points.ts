import { type Buckets, bucketOf } from '@kiroku/core/buckets'
import { bucketSize, fields, type PointColumns, summarize } from '../rollups/bucket.ts'
import { columnsBy, fieldsOn } from './bucket-fields.ts'
import type { Columns } from './raw-series.ts'

/** Cuts points, in the order of their steps, into buckets of steps; those without a point are left out. */
export function cutPoints(points: PointColumns, buckets: Buckets): Columns {
  const { steps } = points
  const cut: Float64Array[] = []
  for (let from = 0, to = 1; to <= steps.length; to++) {
    if (to < steps.length && bucketOf(buckets, steps[to] ?? 0) === bucketOf(buckets, steps[from] ?? 0)) continue
    const bucket = new Float64Array(bucketSize)
    summarize(bucket, points, from, to)
    cut.push(bucket)
    from = to
  }
  return columnsBy((name) => {
    const field = fields[fieldsOn.step[name]]
    return Float64Array.from(cut, (bucket) => bucket[field] ?? 0)
  })
}
