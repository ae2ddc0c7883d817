import type { bucketColumns } from '@kiroku/core/series'
import type { FieldName } from '../rollups/bucket.ts'

export type BucketColumn = (typeof bucketColumns)[number]

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

/** A column of each name. */
export const columnsBy = <Column>(of: (name: BucketColumn) => Column): Record<BucketColumn, Column> => ({
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
