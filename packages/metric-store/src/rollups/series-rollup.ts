import { bucketSize, fields, mergeBucket, type PointColumns, summarize } from './bucket.ts'
import { levelCount, pointsOfLevel, smallestBucket, wholeLevel } from './levels.ts'

/** Takes a bucket of a level, to be stored: `numbers` holds it from `at` on, and changes after the call. */
export type BucketSink = (level: number, numbers: Float64Array, at: number) => void

/**
 * What is known of a whole series beside its bucket. `timeRises`: no point's time is below the one before, by step.
 * `valueRises`: no value is below the one before, and all are finite. `stepHash` is of all steps in their order: two series
 * of as many points that agree in it have the same steps.
 */
export type SeriesTraits = { timeRises: boolean; valueRises: boolean; stepHash: number }

/**
 * The buckets of one series that are still open, one a level, and that of the whole. Points are added in the order of their
 * steps, once each; a bucket goes to the sink when it is full, and as far as it is when `flush` is called. A level begins
 * when the one below has more than one bucket.
 */
export class SeriesRollup {
  private levels = new Float64Array(bucketSize)
  readonly whole: Float64Array = new Float64Array(bucketSize)
  traits: SeriesTraits = { timeRises: true, valueRises: true, stepHash: 0 }

  get count(): number {
    return this.whole[fields.count] ?? 0
  }

  /** The highest step so far; below every step while there are no points. */
  get lastStep(): number {
    return this.count === 0 ? Number.NEGATIVE_INFINITY : (this.whole[fields.lastStep] ?? 0)
  }

  private get levelCount(): number {
    return this.levels.length / bucketSize
  }

  /** Adds points whose steps rise and are all above `lastStep`. */
  append(points: PointColumns, sink: BucketSink): void {
    this.follow(points)
    const total = points.steps.length
    const part = new Float64Array(bucketSize)
    for (let from = 0; from < total; ) {
      const room = smallestBucket - (this.levels[fields.count] ?? 0)
      const to = Math.min(total, from + room)
      summarize(part, points, from, to)
      this.makeLevelFor(this.count + to - from)
      for (let level = 0; level < this.levelCount; level++) mergeBucket(this.levels, level * bucketSize, part)
      mergeBucket(this.whole, 0, part)
      this.closeFull(sink)
      from = to
    }
  }

  private makeLevelFor(count: number): void {
    const level = this.levelCount
    if (level === levelCount || count <= pointsOfLevel(level - 1)) return
    const levels = new Float64Array((level + 1) * bucketSize)
    levels.set(this.levels)
    levels.set(this.whole, level * bucketSize)
    this.levels = levels
  }

  private closeFull(sink: BucketSink): void {
    for (let level = 0; level < this.levelCount; level++) {
      const at = level * bucketSize
      if ((this.levels[at + fields.count] ?? 0) < pointsOfLevel(level)) return
      sink(level, this.levels, at)
      this.levels[at + fields.count] = 0
    }
  }

  private follow({ steps, times, values }: PointColumns): void {
    let { timeRises, valueRises, stepHash } = this.traits
    const isFirst = this.count === 0
    let time = isFirst ? Number.NEGATIVE_INFINITY : (this.whole[fields.lastTime] ?? 0)
    let value = isFirst ? Number.NEGATIVE_INFINITY : (this.whole[fields.last] ?? 0)
    for (let index = 0; index < steps.length; index++) {
      const nextTime = times[index] ?? 0
      const nextValue = values[index] ?? 0
      if (nextTime < time) timeRises = false
      // False for NaN, too, and for the infinities, which have no place on an axis.
      if (!(nextValue >= value) || nextValue - nextValue !== 0) valueRises = false
      time = nextTime
      value = nextValue
      stepHash = hashStep(stepHash, steps[index] ?? 0)
    }
    this.traits = { timeRises, valueRises, stepHash }
  }

  /** Gives the sink the open bucket of every level, and that of the whole. */
  flush(sink: BucketSink): void {
    for (const level of this.openLevels()) sink(level, this.levels, level * bucketSize)
    if (this.count > 0) sink(wholeLevel, this.whole, 0)
  }

  /** Where the open bucket of each level starts that has one: its level and its start. */
  openStarts(): { level: number; start: number }[] {
    return this.openLevels().map((level) => ({
      level,
      start: this.levels[level * bucketSize + fields.start] ?? 0,
    }))
  }

  private openLevels(): number[] {
    return Array.from({ length: this.levelCount }, (_, level) => level).filter(
      (level) => (this.levels[level * bucketSize + fields.count] ?? 0) > 0,
    )
  }

  /** Goes on from what was stored: the bucket of the whole, what is known of it, and the open bucket of each level that has one. */
  static restored(whole: Float64Array, traits: SeriesTraits, open: ReadonlyMap<number, Float64Array>): SeriesRollup {
    const rollup = new SeriesRollup()
    rollup.whole.set(whole)
    rollup.traits = traits
    rollup.levels = new Float64Array(levelsOf(rollup.count) * bucketSize)
    for (const [level, bucket] of open) rollup.levels.set(bucket, level * bucketSize)
    return rollup
  }
}

/** How many levels a series of so many points has: the highest is the first that is one bucket. */
export function levelsOf(points: number): number {
  let levels = 1
  while (levels < levelCount && points > pointsOfLevel(levels - 1)) levels++
  return levels
}

/** A hash of 53 bits, a whole number in float64: 32 bits below, 21 above. */
function hashStep(hash: number, step: number): number {
  const low = hash >>> 0
  const high = Math.floor(hash / 4294967296)
  const stepLow = step | 0
  const stepHigh = Math.floor(step / 4294967296) | 0
  const nextLow = Math.imul(low ^ stepLow, 0x01000193) ^ Math.imul(stepHigh + 0x9e3779b9, 0x85ebca6b) ^ (low >>> 15)
  const nextHigh = (Math.imul(high ^ stepLow ^ (nextLow >>> 11), 0x27d4eb2f) + stepHigh) >>> 11
  return nextHigh * 4294967296 + (nextLow >>> 0)
}
