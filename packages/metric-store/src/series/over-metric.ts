import { type BucketColumns, bucketColumns, unpackBuckets } from '@kiroku/core/bucket-columns'
import { type KnownSeries, onStep, xSeriesOf } from './known-series.ts'
import type { Asking } from './raw-series.ts'
import { type LevelledSeries, type Rolled, readRolledBuckets } from './rolled-buckets.ts'

type Range = { from: number; to: number }

const everyStep: Range = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
/**
 * Reads buckets of series over another metric. First and last points of a bucket have their exact x, as the other metric's
 * bucket has them; the x of the lowest and highest is where their step is between these two. The bucket has it in any case.
 */
export async function readBucketsOver(
  asking: Asking,
  wanted: readonly (LevelledSeries & { over: KnownSeries })[],
  range: Range,
): Promise<Map<string, BucketColumns>> {
  const pairs = wanted.flatMap((entry) => {
    const x = xSeriesOf(entry.series)
    return x === null ? [] : [{ entry, x }]
  })
  const xs = await readRolledBuckets(
    asking,
    pairs.map(({ entry, x }) => ({ series: x, known: entry.over, level: entry.level })),
    everyStep,
  )
  const located = pairs.flatMap(({ entry, x }) => {
    const columns = columnsOf(xs.get(x.key))
    const steps = columns && stepsIn(columns, range)
    return columns && steps ? [{ entry, columns, steps }] : []
  })
  if (located.length === 0) return new Map()
  const ys = await readRolledBuckets(
    asking,
    located.map(({ entry }) => ({ series: onStep(entry.series), known: entry.known, level: entry.level })),
    {
      from: Math.min(...located.map(({ steps }) => steps.from)),
      to: Math.max(...located.map(({ steps }) => steps.to)),
    },
  )
  const found = new Map<string, BucketColumns>()
  for (const { entry, columns, steps } of located) {
    const y = columnsOf(ys.get(onStep(entry.series).key))
    const moved = y && movedTo(part(y, steps), columns)
    if (moved) found.set(entry.series.key, moved)
  }
  return found
}

function columnsOf(rolled: Rolled | undefined): BucketColumns | null {
  if (rolled === undefined) return null
  return 'rows' in rolled ? unpackBuckets(rolled.rows) : rolled
}

/** From which step to which the buckets reach whose values overlap a range; null without any. */
function stepsIn({ firstX, firstY, lastX, lastY }: BucketColumns, range: Range): Range | null {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (let index = 0; index < firstX.length; index++) {
    if ((firstY[index] ?? 0) > range.to || (lastY[index] ?? 0) < range.from) continue
    from = Math.min(from, firstX[index] ?? 0)
    to = Math.max(to, lastX[index] ?? 0)
  }
  return from <= to ? { from, to } : null
}

/** The buckets whose points are within a range of steps, which they do not cross. */
function part(columns: BucketColumns, { from, to }: Range): BucketColumns {
  let begin = 0
  let end = columns.firstX.length
  while (begin < end && (columns.firstX[begin] ?? 0) < from) begin++
  while (end > begin && (columns.lastX[end - 1] ?? 0) > to) end--
  if (begin === 0 && end === columns.firstX.length) return columns
  const cut = { ...columns }
  for (const name of bucketColumns) cut[name] = columns[name].slice(begin, end)
  return cut
}

/** Buckets with x in steps, with x as another metric had it; null when a bucket's steps are in none of its buckets. */
function movedTo(y: BucketColumns, x: BucketColumns): BucketColumns | null {
  const moved = { ...y }
  for (const name of ['firstX', 'minX', 'maxX', 'lastX'] as const) {
    const values = new Float64Array(y[name].length)
    let at = 0
    for (let index = 0; index < values.length; index++) {
      const step = y[name][index] ?? 0
      while (at < x.lastX.length && (x.lastX[at] ?? 0) < step) at++
      if (at === x.lastX.length || (x.firstX[at] ?? 0) > step) return null
      values[index] = between(x, at, step)
    }
    moved[name] = values
  }
  return moved
}

function between({ firstX, firstY, lastX, lastY }: BucketColumns, at: number, step: number): number {
  const [fromStep = 0, toStep = 0] = [firstX[at], lastX[at]]
  const [from = 0, to = 0] = [firstY[at], lastY[at]]
  if (step === fromStep || from === to) return from + 0
  if (step === toStep) return to + 0
  return Math.min(to, from + (to - from) * ((step - fromStep) / (toStep - fromStep)))
}
