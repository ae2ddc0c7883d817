/**
 * A bucket: what a stretch of a series' points, in the order of their steps, amounts to. Buckets lie side by side in one
 * `Float64Array`, `bucketSize` numbers each; `fields` tells where in a bucket each number is.
 *
 * `start` and `lastStep` (with `startTime` and `lastTime`) are of its first and last point; `first`, `last`, `min` and `max`
 * are finite values, with their steps and times, of equal ones the earliest; all four are NaN at the start's step without a
 * finite value. `sum` is of finite values, `deviation` the sum of their squared distances from their mean, so that
 * `deviation + sum * sum / finite` is the sum of squares without its loss of digits.
 */
export const fieldNames = [
  'start',
  'startTime',
  'lastStep',
  'lastTime',
  'count',
  'nanCount',
  'positiveInfinityCount',
  'negativeInfinityCount',
  'firstStep',
  'firstTime',
  'first',
  'finalStep',
  'finalTime',
  'last',
  'minStep',
  'minTime',
  'min',
  'maxStep',
  'maxTime',
  'max',
  'sum',
  'deviation',
] as const
export type FieldName = (typeof fieldNames)[number]

export const bucketSize: number = fieldNames.length

/** Where each number of a bucket is. */
export const fields: Readonly<Record<FieldName, number>> = {
  start: 0,
  startTime: 1,
  lastStep: 2,
  lastTime: 3,
  count: 4,
  nanCount: 5,
  positiveInfinityCount: 6,
  negativeInfinityCount: 7,
  firstStep: 8,
  firstTime: 9,
  first: 10,
  finalStep: 11,
  finalTime: 12,
  last: 13,
  minStep: 14,
  minTime: 15,
  min: 16,
  maxStep: 17,
  maxTime: 18,
  max: 19,
  sum: 20,
  deviation: 21,
}

/** Points of one series in the order of their steps, one element a point. */
export type PointColumns = { steps: Float64Array; times: Float64Array; values: Float64Array }

/** Writes the bucket of points `from` to `to`, the latter left out and above `from`, to `target`. */
export function summarize(target: Float64Array, points: PointColumns, from: number, to: number): void {
  const { steps, times, values } = points
  const startStep = steps[from] ?? 0
  const startTime = times[from] ?? 0
  let [nans, positives, negatives, finite] = [0, 0, 0, 0]
  let [first, last, low, high] = [-1, -1, -1, -1]
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let sum = 0
  // Distances from a value of the bucket keep their digits where values lie close together far from zero.
  let shift = 0
  let shifted = 0
  let squares = 0
  for (let index = from; index < to; index++) {
    const value = values[index] ?? 0
    if (value - value !== 0) {
      if (value > 0) positives++
      else if (value < 0) negatives++
      else nans++
      continue
    }
    if (finite === 0) {
      first = index
      shift = value
    }
    last = index
    finite++
    if (value < min) {
      min = value
      low = index
    }
    if (value > max) {
      max = value
      high = index
    }
    sum += value
    const distance = value - shift
    shifted += distance
    squares += distance * distance
  }
  const put = (step: number, at: number): void => {
    target[step] = at < 0 ? startStep : (steps[at] ?? 0)
    target[step + 1] = at < 0 ? startTime : (times[at] ?? 0)
    target[step + 2] = at < 0 ? Number.NaN : (values[at] ?? 0)
  }
  target[fields.start] = startStep
  target[fields.startTime] = startTime
  target[fields.lastStep] = steps[to - 1] ?? 0
  target[fields.lastTime] = times[to - 1] ?? 0
  target[fields.count] = to - from
  target[fields.nanCount] = nans
  target[fields.positiveInfinityCount] = positives
  target[fields.negativeInfinityCount] = negatives
  put(fields.firstStep, first)
  put(fields.finalStep, last)
  put(fields.minStep, low)
  put(fields.maxStep, high)
  target[fields.sum] = sum
  target[fields.deviation] = finite === 0 ? 0 : Math.max(0, squares - (shifted * shifted) / finite)
}

const finiteCount = (bucket: Float64Array, at: number): number =>
  (bucket[at + fields.count] ?? 0) -
  (bucket[at + fields.nanCount] ?? 0) -
  (bucket[at + fields.positiveInfinityCount] ?? 0) -
  (bucket[at + fields.negativeInfinityCount] ?? 0)

/** Adds to the bucket at `at` of `target` one of later points; an empty one (its count is 0) becomes that one. */
export function mergeBucket(target: Float64Array, at: number, later: Float64Array): void {
  if ((target[at + fields.count] ?? 0) === 0) {
    target.set(later, at)
    return
  }
  const before = finiteCount(target, at)
  const more = finiteCount(later, 0)
  const copy = (field: number): void => {
    for (let index = field; index < field + 3; index++) target[at + index] = later[index] ?? 0
  }
  if (more > 0) {
    if (before > 0) target[at + fields.deviation] = joinedDeviation(target, at, before, later, more)
    else target[at + fields.deviation] = later[fields.deviation] ?? 0
    if (before === 0) copy(fields.firstStep)
    copy(fields.finalStep)
    if (before === 0 || (later[fields.min] ?? 0) < (target[at + fields.min] ?? 0)) copy(fields.minStep)
    if (before === 0 || (later[fields.max] ?? 0) > (target[at + fields.max] ?? 0)) copy(fields.maxStep)
  }
  target[at + fields.lastStep] = later[fields.lastStep] ?? 0
  target[at + fields.lastTime] = later[fields.lastTime] ?? 0
  for (const field of added) target[at + field] = (target[at + field] ?? 0) + (later[field] ?? 0)
}

const added = [
  fields.count,
  fields.nanCount,
  fields.positiveInfinityCount,
  fields.negativeInfinityCount,
  fields.sum,
] as const

/** The parallel form of Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances". */
function joinedDeviation(target: Float64Array, at: number, before: number, later: Float64Array, more: number): number {
  const distance = (later[fields.sum] ?? 0) / more - (target[at + fields.sum] ?? 0) / before
  return (
    (target[at + fields.deviation] ?? 0) +
    (later[fields.deviation] ?? 0) +
    (distance * distance * before * more) / (before + more)
  )
}
