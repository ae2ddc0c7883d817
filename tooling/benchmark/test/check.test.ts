import { encodeSeriesAnswer } from '@kiroku/core/series'
import { expect, test } from 'vitest'
import { checkAnswers } from '../charts/check.mjs'
import { lossOf } from '../charts/curves.mjs'

const steps = 60_000
const set = { runs: 1, steps }
const curve = lossOf(0, steps)
const bucketSteps = 100

/** The buckets of a curve from step `from` on, as a server that keeps everything answers them. */
function bucketsFrom(from: number) {
  const starts = Array.from({ length: (steps - from) / bucketSteps }, (_, bucket) => from + bucket * bucketSteps)
  const extremeOf = (start: number, isBetter: (one: number, other: number) => boolean) => {
    let best = start
    for (let step = start; step < start + bucketSteps; step++)
      if (isBetter(curve[step] ?? 0, curve[best] ?? 0)) best = step
    return best
  }
  const lowest = starts.map((start) => extremeOf(start, (one, other) => one < other))
  const highest = starts.map((start) => extremeOf(start, (one, other) => one > other))
  const lasts = starts.map((start) => start + bucketSteps - 1)
  const values = (at: readonly number[]) => Float64Array.from(at, (step) => curve[step] ?? 0)
  const zeros = () => new Float64Array(starts.length)
  return {
    firstX: Float64Array.from(starts),
    firstY: values(starts),
    minX: Float64Array.from(lowest),
    minY: values(lowest),
    maxX: Float64Array.from(highest),
    maxY: values(highest),
    lastX: Float64Array.from(lasts),
    lastY: values(lasts),
    count: new Float64Array(starts.length).fill(bucketSteps),
    sum: zeros(),
    nanCount: zeros(),
    positiveInfinityCount: zeros(),
    negativeInfinityCount: zeros(),
  }
}

function answerOf(columns: ReturnType<typeof bucketsFrom>) {
  const count = columns.count.reduce((sum, points) => sum + points, 0)
  const facts = { run: 'run-0', metric: 'loss', stream: 'history', x: { kind: 'step' }, withoutX: 0 } as const
  return Buffer.concat(encodeSeriesAnswer({ range: null, series: [{ ...facts, form: 'buckets', count, columns }] }))
}

const check = (bytes: Uint8Array, range?: { from: number; to: number }) =>
  checkAnswers(set, [{ range, bytes }], () => curve)[0]

test('an answer that keeps everything is right, of the whole and of a window', () => {
  expect(check(answerOf(bucketsFrom(0)))).toEqual({ points: steps, lost: 0, wrong: 0 })
  const range = { from: 19_999.5, to: steps - 1 }
  expect(check(answerOf(bucketsFrom(20_000)), range)).toEqual({ points: 40_000, lost: 0, wrong: 0 })
})

test('buckets may stick out of a window by one at each end, and by no more', () => {
  const answer = answerOf(bucketsFrom(20_000))
  expect(check(answer, { from: 20_050, to: steps - 20 })).toEqual({ points: 40_000, lost: 0, wrong: 0 })
  expect(check(answer, { from: 20_150, to: steps - 20 })?.wrong).toBeGreaterThan(0)
  expect(check(answer, { from: 19_950, to: steps - 20 })?.wrong).toBeGreaterThan(0)
})

test('an answer without the highest point is told, and so is its bucket', () => {
  const columns = bucketsFrom(0)
  const bucket = columns.maxY.indexOf(Math.max(...columns.maxY))
  columns.maxX[bucket] = columns.firstX[bucket] ?? 0
  columns.maxY[bucket] = columns.firstY[bucket] ?? 0
  expect(check(answerOf(columns))).toEqual({ points: steps, lost: 1, wrong: 1 })
})

test('a bucket that is missing, and one of another count, are told', () => {
  expect(check(answerOf(bucketsFrom(bucketSteps)))?.wrong).toBeGreaterThan(0)
  const columns = bucketsFrom(0)
  columns.count[7] = bucketSteps - 1
  expect(check(answerOf(columns))).toEqual({ points: steps - 1, lost: 0, wrong: 2 })
})

test('a chart that the server gave up has lost every series', () => {
  expect(checkAnswers(set, [{ bytes: null }], () => curve)).toEqual([{ points: 0, lost: 1, wrong: 0 }])
})
