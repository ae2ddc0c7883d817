import type { BucketColumn } from '@kiroku/core/bucket-columns'
import type { FieldName } from '../rollups/bucket.ts'

/** Which field of a bucket each column of an answer is, by what its x is. */
export const fieldsOn: Readonly<Record<'step' | 'time', Readonly<Record<BucketColumn, FieldName>>>> = {
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
