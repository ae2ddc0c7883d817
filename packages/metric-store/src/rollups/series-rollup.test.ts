import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketSize, type FieldName, fieldNames, fields, type PointColumns } from './bucket.ts'
import { levelCount, pointsOfLevel, wholeLevel } from './levels.ts'
import { type BucketSink, levelsOf, SeriesRollup } from './series-rollup.ts'

test('the fields are where they are said to be', () => {
  expect(fieldNames.map((name) => fields[name])).toEqual(fieldNames.map((_, index) => index))
})

type Bucket = Record<FieldName, number>
type Stored = Map<number, Map<number, Bucket>>

/** Keeps buckets as the store does: of those with the same level and start the last. */
function collector(): { stored: Stored; sink: BucketSink } {
  const stored: Stored = new Map()
  const sink: BucketSink = (level, numbers, at) => {
    const bucket = bucketAt(numbers, at)
    const ofLevel = stored.get(level) ?? new Map<number, Bucket>()
    ofLevel.set(bucket.start, bucket)
    stored.set(level, ofLevel)
  }
  return { stored, sink }
}

function bucketAt(numbers: Float64Array, at: number): Bucket {
  const part = numbers.subarray(at, at + bucketSize)
  const bucket: Bucket = { ...fields }
  for (const name of fieldNames) bucket[name] = part[fields[name]] ?? Number.NaN
  return bucket
}

/** The plain reading of what a bucket is. */
function recount({ steps, times, values }: PointColumns, from: number, to: number): Bucket {
  const rows = Array.from({ length: to - from }, (_, index) => ({
    step: steps[from + index] ?? 0,
    time: times[from + index] ?? 0,
    value: values[from + index] ?? 0,
  }))
  const finite = rows.filter(({ value }) => Number.isFinite(value))
  const [start, end] = [rows[0], rows.at(-1)]
  const lone = { step: start?.step ?? 0, time: start?.time ?? 0, value: Number.NaN }
  const low = finite.reduce((best, row) => (row.value < best.value ? row : best), finite[0] ?? lone)
  const high = finite.reduce((best, row) => (row.value > best.value ? row : best), finite[0] ?? lone)
  const first = finite[0] ?? lone
  const last = finite.at(-1) ?? lone
  const sum = finite.reduce((total, { value }) => total + value, 0)
  const mean = sum / finite.length
  return {
    start: start?.step ?? 0,
    startTime: start?.time ?? 0,
    lastStep: end?.step ?? 0,
    lastTime: end?.time ?? 0,
    count: rows.length,
    nanCount: rows.filter(({ value }) => Number.isNaN(value)).length,
    positiveInfinityCount: rows.filter(({ value }) => value === Number.POSITIVE_INFINITY).length,
    negativeInfinityCount: rows.filter(({ value }) => value === Number.NEGATIVE_INFINITY).length,
    firstStep: first.step,
    firstTime: first.time,
    first: first.value,
    finalStep: last.step,
    finalTime: last.time,
    last: last.value,
    minStep: low.step,
    minTime: low.time,
    min: low.value,
    maxStep: high.step,
    maxTime: high.time,
    max: high.value,
    sum,
    deviation: finite.reduce((total, { value }) => total + (value - mean) ** 2, 0),
  }
}

/** Sums are of other orders, so they agree to their digits; everything else is the same. */
function expectSame(got: Bucket | undefined, expected: Bucket, scale: number): void {
  const { sum, deviation, ...rest } = expected
  expect(got).toMatchObject(rest)
  expect(Math.abs((got?.sum ?? Number.NaN) - sum)).toBeLessThanOrEqual(1e-9 * scale * expected.count)
  expect(Math.abs((got?.deviation ?? Number.NaN) - deviation)).toBeLessThanOrEqual(
    1e-9 * scale * scale * expected.count,
  )
}

const adversarial = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  count: fc.oneof(
    fc.integer({ min: 1, max: 600 }),
    fc.constantFrom(255, 256, 257, 1024, 1025, 4096, 4097),
    fc.integer({ min: 1, max: 20_000 }),
  ),
  stride: fc.constantFrom(1, 2, 100, 2 ** 33),
  cuts: fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 12 }),
  kind: fc.constantFrom('noise', 'spikes', 'constant', 'rising', 'far from zero', 'not finite', 'nothing finite'),
})

function madePoints({
  seed,
  count,
  stride,
  kind,
}: {
  seed: number
  count: number
  stride: number
  kind: string
}): PointColumns {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state / 2 ** 32
  }
  const value = (index: number): number => {
    const drawn = random()
    switch (kind) {
      case 'spikes':
        return drawn < 0.002 ? (random() - 0.5) * 1e6 : 1
      case 'constant':
        return -0.25
      case 'rising':
        return index
      case 'far from zero':
        return 1e9 + drawn
      case 'not finite':
        return drawn < 0.3 ? ([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][index % 3] ?? 0) : drawn
      case 'nothing finite':
        return Number.NaN
      default:
        return drawn
    }
  }
  return {
    steps: Float64Array.from({ length: count }, (_, index) => index * stride - 7),
    times: Float64Array.from({ length: count }, (_, index) => 1.7e12 + index * 50),
    values: Float64Array.from({ length: count }, (_, index) => value(index)),
  }
}

const sliced = (points: PointColumns, from: number, to: number): PointColumns => ({
  steps: points.steps.slice(from, to),
  times: points.times.slice(from, to),
  values: points.values.slice(from, to),
})

test('for every level the buckets are what a recount of the points gives, however they came, also after a restart', () => {
  fc.assert(
    fc.property(adversarial, fc.boolean(), ({ cuts, ...made }, restarts) => {
      const points = madePoints(made)
      const { stored, sink } = collector()
      let rollup = new SeriesRollup()
      for (let from = 0, turn = 0; from < made.count; turn++) {
        const to = Math.min(made.count, from + (cuts[turn % cuts.length] ?? 1))
        rollup.append(sliced(points, from, to), sink)
        rollup.flush(sink)
        if (restarts) rollup = reread(rollup, stored)
        from = to
      }
      const scale = Math.max(1, ...points.values.filter(Number.isFinite).map(Math.abs))
      expect(rollup.count).toBe(made.count)
      expectSame(stored.get(wholeLevel)?.values().next().value, recount(points, 0, made.count), scale)
      const levels = levelsOf(made.count)
      expect([...stored.keys()].filter((level) => level !== wholeLevel)).toHaveLength(levels)
      for (let level = 0; level < levels; level++) {
        const buckets = [...(stored.get(level)?.values() ?? [])]
        expect(buckets).toHaveLength(Math.ceil(made.count / pointsOfLevel(level)))
        buckets.forEach((bucket, index) => {
          const from = index * pointsOfLevel(level)
          expectSame(bucket, recount(points, from, Math.min(made.count, from + pointsOfLevel(level))), scale)
        })
      }
    }),
    { numRuns: 60 },
  )
})

/** A rollup made of nothing but what was stored, as after a restart. */
function reread(rollup: SeriesRollup, stored: Stored): SeriesRollup {
  const numbersOf = (bucket: Bucket | undefined): Float64Array =>
    Float64Array.from(fieldNames, (name) => bucket?.[name] ?? Number.NaN)
  const whole = stored.get(wholeLevel)?.values().next().value
  const open = new Map(rollup.openStarts().map(({ level, start }) => [level, numbersOf(stored.get(level)?.get(start))]))
  return SeriesRollup.restored(numbersOf(whole), rollup.traits, open)
}

test('a series says whether its times and values rise, and two with the same steps agree in their hash', () => {
  const traitsOf = (steps: number[], times: number[], values: number[]) => {
    const rollup = new SeriesRollup()
    const half = Math.ceil(steps.length / 2)
    for (const [from, to] of [
      [0, half],
      [half, steps.length],
    ] as const)
      rollup.append(
        sliced(
          { steps: Float64Array.from(steps), times: Float64Array.from(times), values: Float64Array.from(values) },
          from,
          to,
        ),
        () => {},
      )
    return rollup.traits
  }
  const rising = traitsOf([0, 1, 5], [10, 10, 11], [0, 0, 3])
  expect(rising).toMatchObject({ timeRises: true, valueRises: true })
  expect(traitsOf([0, 1, 5], [10, 9, 11], [0, -1, 3])).toEqual({
    timeRises: false,
    valueRises: false,
    stepHash: rising.stepHash,
  })
  expect(traitsOf([0, 1, 5], [0, 0, 0], [0, Number.NaN, 3]).valueRises).toBe(false)
  expect(traitsOf([0, 1, 5], [0, 0, 0], [0, 1, Number.POSITIVE_INFINITY]).valueRises).toBe(false)
  expect(traitsOf([0, 2, 5], [10, 10, 11], [0, 0, 3]).stepHash).not.toBe(rising.stepHash)
  expect(traitsOf([0, 1, 5 + 2 ** 33], [10, 10, 11], [0, 0, 3]).stepHash).not.toBe(rising.stepHash)
})

test('hashes of steps that differ in one place do not meet', () => {
  const seen = new Set<number>()
  for (let place = 0; place < 2000; place++) {
    const rollup = new SeriesRollup()
    const steps = Float64Array.from({ length: 2001 }, (_, index) => index + (index > place ? 1 : 0))
    rollup.append({ steps, times: steps, values: steps }, () => {})
    seen.add(rollup.traits.stepHash)
  }
  expect(seen.size).toBe(2000)
})

test('there are levels for any series', () => {
  expect(levelsOf(1)).toBe(1)
  expect(levelsOf(256)).toBe(1)
  expect(levelsOf(257)).toBe(2)
  expect(levelsOf(1e12)).toBe(levelCount)
})
