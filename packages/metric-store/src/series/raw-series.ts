import { type BucketColumn, bucketColumnsBy } from '@kiroku/core/bucket-columns'
import type { Buckets } from '@kiroku/core/buckets'
import type { BucketSeries, PointSeries } from '@kiroku/core/series'
import type { Engine } from '../engine/engine.ts'
import { arraysOf, type NativeBlock, numbersOf, packedOf } from '../engine/native-format.ts'
import { groupSeries, inHalves, type KeyedSeries, keyAt, type SeriesGroup } from './groups.ts'
import type { KnownSeries } from './known-series.ts'
import { keysByPlace, type SteppedPoints, takeApart } from './placed-points.ts'
import { hashAt, rowsByHash } from './rows-by-hash.ts'
import {
  bucketsStatement,
  factsStatement,
  firstOfPlaced,
  hashesStatement,
  isReadAlone,
  newestStepsStatement,
  pointsStatement,
  stepsStatement,
} from './series-sql.ts'

/** Of a series: how many points have no x, how many are in range, and their extent of x. */
export type Facts = { withoutX: number; count: number; minX: number; maxX: number }
/** A series as its points, or in buckets. */
export type Columns = (PointSeries | BucketSeries)['columns']
type Numbers = Float64Array<ArrayBuffer>
type Range = { from: number; to: number }

/** What a query about series needs beside them. */
export type Asking = { engine: Engine; project: string; signal: AbortSignal | undefined }

/** Counts points of series; those without any are left out. Without a range all of them are in it. */
export async function readFacts(
  { engine, project, signal }: Asking,
  series: readonly KeyedSeries[],
  range: Range | null,
): Promise<Map<string, Facts>> {
  const facts = new Map<string, Facts>()
  const readGroup = async (group: SeriesGroup): Promise<void> => {
    const statement = factsStatement(project, group, range)
    forEachSeries(group, await engine.columns({ ...statement, signal }), (key, block, row) => {
      const at = (name: string): number => numbersOf(block, name)[row] ?? 0
      facts.set(key, { withoutX: at('withoutX'), count: at('count'), minX: at('minX'), maxX: at('maxX') })
    })
  }
  await Promise.all(groupSeries(series).map(readGroup))
  return facts
}

/**
 * Reads series as their points in range; over steps without `hasTimes` the column of times is empty. Those that are known from their
 * rollups have a hash already.
 */
export async function readRawPoints(
  asking: Asking,
  series: readonly KeyedSeries[],
  range: Range,
  known: ReadonlyMap<string, KnownSeries>,
  hasTimes = true,
): Promise<Map<string, PointsOfSeries>> {
  const columns = new Map<string, PointsOfSeries>()
  const readGroup = async (group: SeriesGroup): Promise<void> => {
    const found =
      group.x.kind === 'step'
        ? await readSteps(asking, group, range, known, hasTimes)
        : await readOver(asking, group, range)
    for (const [key, points] of found) columns.set(key, points)
  }
  await Promise.all(groupSeries(series).map(readGroup))
  return columns
}

async function readOver(
  { engine, project, signal }: Asking,
  group: SeriesGroup,
  range: Range,
): Promise<Map<string, PointsOfSeries>> {
  const columns = new Map<string, PointsOfSeries>()
  const blocks = await engine.columns({ ...pointsStatement(project, group, range), signal })
  forEachSeries(group, blocks, (key, block, row) => {
    const at = columnsAt(block, row)
    columns.set(key, ordered({ x: at('xs'), y: at('ys'), step: at('steps'), time: at('times') }))
  })
  return columns
}

/** Reads points over their steps. */
async function readSteps(
  asking: Asking,
  group: SeriesGroup,
  range: Range,
  known: ReadonlyMap<string, KnownSeries>,
  hasTimes: boolean,
): Promise<Map<string, PointsOfSeries>> {
  const { engine, project, signal } = asking
  if (isReadAlone(group, range)) {
    const hash = known.get(keyAt(group, 0, 0))?.hash
    const blocks = await engine.columns({ ...stepsStatement(project, group, range, hasTimes, hash), signal })
    const points = pointsOf(blocks.map((block) => stretchOf(block, hasTimes)))
    if (points === null) return readNewestSteps(asking, group, range, known, hasTimes)
    return new Map(points.x.length > 0 ? [[keyAt(group, 0, 0), points]] : [])
  }
  const firstStep = firstOfPlaced(range)
  // An answer has points of neighbours, too, as the other half's first run may be: only its own count.
  const readHalf = async (half: SeriesGroup): Promise<[string, PointsOfSeries | null][] | null> => {
    const [hashes, blocks] = await Promise.all([
      readHashes(asking, half, known),
      engine.columns({ ...stepsStatement(project, half, range, hasTimes), signal }),
    ])
    const keys = keysByPlace(hashes)
    if (keys === null) return null
    return Array.from(takeApart(blocks, keys, firstStep, hasTimes), ([key, found]) => [key, pointsOfRising(found)])
  }
  const columns = new Map<string, PointsOfSeries>()
  for (const half of await Promise.all(inHalves([group]).map(readHalf)))
    for (const [key, points] of half ?? [['', null]]) {
      if (points === null) return readNewestSteps(asking, group, range, known, hasTimes)
      columns.set(key, points)
    }
  return columns
}

const stretchOf = (block: NativeBlock, hasTimes: boolean): SteppedPoints => ({
  step: numbersOf(block, 'stepOf'),
  y: numbersOf(block, 'valueOf'),
  time: hasTimes ? numbersOf(block, 'timeOf') : new Float64Array(0),
})

/** Points from stretches of a series whose steps rise, in any order; null where two are at one step. */
function pointsOfRising(stretches: SteppedPoints[]): PointsOfSeries | null {
  const [only] = stretches
  return only && stretches.length === 1 ? { x: only.step, ...only } : pointsOf(stretches)
}

/** Points from stretches of a series, in any order; null where two are at one step. */
function pointsOf(stretches: SteppedPoints[]): PointsOfSeries | null {
  const sorted =
    stretches.length > 1 ? stretches.sort((one, other) => (one.step[0] ?? 0) - (other.step[0] ?? 0)) : stretches
  const step = joined(sorted.map((stretch) => stretch.step))
  const points = { x: step, y: joined(sorted.map(({ y }) => y)), step, time: joined(sorted.map(({ time }) => time)) }
  if (isRising(step)) return points
  const inOrder = ordered(points)
  return isRising(inOrder.step) ? inOrder : null
}

/** Reads points over their steps, where some were logged again and are not merged yet: of several at a step the newest. */
async function readNewestSteps(
  asking: Asking,
  group: SeriesGroup,
  range: Range,
  known: ReadonlyMap<string, KnownSeries>,
  hasTimes: boolean,
): Promise<Map<string, PointsOfSeries>> {
  const { engine, project, signal } = asking
  const columns = new Map<string, PointsOfSeries>()
  const [hashes, blocks] = await Promise.all([
    readHashes(asking, group, known),
    engine.columns({ ...newestStepsStatement(project, group, range, hasTimes), signal }),
  ])
  for (const [key, parts] of rowsByHash(blocks, hashes)) {
    const column = (name: string): Numbers =>
      joined(parts.map((part) => numbersOf(part.block, name).subarray(part.from, part.to)))
    const step = column('stepOf')
    const points = { x: step, y: column('valueOf'), step, time: hasTimes ? column('timeOf') : new Float64Array(0) }
    columns.set(key, newestOf(points, column('versionOf')))
  }
  return columns
}

/** The keys of a group's series by their hashes. */
async function readHashes(
  { engine, project, signal }: Asking,
  group: SeriesGroup,
  known: ReadonlyMap<string, KnownSeries>,
): Promise<Map<bigint, string>> {
  const hashes = new Map<bigint, string>()
  const isKnown = group.keys.flat().every((key) => {
    const hash = known.get(key)?.hash
    if (hash !== undefined) hashes.set(hash, key)
    return hash !== undefined
  })
  if (isKnown) return hashes
  const all = new Map<bigint, string>()
  for (const block of await engine.columns({ ...hashesStatement(project, group), signal }))
    for (let row = 0; row < block.rows; row++) {
      const at = (name: string): number => numbersOf(block, name)[row] ?? 0
      all.set(hashAt(packedOf(block, 'seriesOf').bytes, row), keyAt(group, at('runOf'), at('metricOf')))
    }
  return all
}

function joined(pieces: readonly Numbers[]): Numbers {
  const [only] = pieces
  if (only && pieces.length === 1) return only
  const whole = new Float64Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Reads series in buckets that are cut from their points. */
export async function readRawBuckets(
  { engine, project, signal }: Asking,
  series: readonly KeyedSeries[],
  range: Range,
  buckets: Buckets,
): Promise<Map<string, Columns>> {
  const columns = new Map<string, Columns>()
  const readGroup = async (group: SeriesGroup): Promise<void> => {
    const blocks = await engine.columns({ ...bucketsStatement(project, group, range, buckets), signal })
    forEachSeries(group, blocks, (key, block, row) => columns.set(key, bucketColumnsOf(block, row, buckets)))
  }
  await Promise.all(groupSeries(series).map(readGroup))
  return columns
}

/** Visits the rows of an answer about a group, each with the key of its series. */
export function forEachSeries(
  group: SeriesGroup,
  blocks: readonly NativeBlock[],
  visit: (key: string, block: NativeBlock, row: number) => void,
): void {
  for (const block of blocks) {
    const runIndices = group.runs.length > 1 ? numbersOf(block, 'runIndexKey') : null
    const metricIndices = group.metrics.length > 1 ? numbersOf(block, 'metricIndexKey') : null
    for (let row = 0; row < block.rows; row++)
      visit(keyAt(group, runIndices?.[row] ?? 0, metricIndices?.[row] ?? 0), block, row)
  }
}

/** Points of a series, side by side. */
export type PointsOfSeries = { x: Numbers; y: Numbers; step: Numbers; time: Numbers }

const columnsAt =
  (block: NativeBlock, row: number) =>
  (name: string): Numbers =>
    arraysOf(block, name)[row] ?? new Float64Array(0)

/** Points in the order of x, then step, as they mostly come. */
function ordered(points: PointsOfSeries): PointsOfSeries {
  const { x, step } = points
  if (isSorted(x, step)) return points
  const order = Array.from(x, (_, index) => index)
  order.sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0) || (step[a] ?? 0) - (step[b] ?? 0))
  return picked(points, order)
}

/** Points in the order of their steps, of several at one step the newest. */
function newestOf(points: PointsOfSeries, versions: Numbers): PointsOfSeries {
  const { step } = points
  const order = Array.from(step, (_, index) => index)
  order.sort((a, b) => (step[a] ?? 0) - (step[b] ?? 0) || (versions[a] ?? 0) - (versions[b] ?? 0))
  return picked(
    points,
    order.filter((index, place) => step[index] !== step[order[place + 1] ?? -1]),
  )
}

function picked({ x, y, step, time }: PointsOfSeries, order: readonly number[]): PointsOfSeries {
  const of = (values: Numbers): Numbers => Float64Array.from(order, (index) => values[index] ?? Number.NaN)
  return { x: of(x), y: of(y), step: of(step), time: time.length === 0 ? time : of(time) }
}

function isSorted(x: Numbers, step: Numbers): boolean {
  for (let index = 1; index < x.length; index++) {
    const [before, now] = [x[index - 1] ?? 0, x[index] ?? 0]
    if (before > now || (before === now && (step[index - 1] ?? 0) > (step[index] ?? 0))) return false
  }
  return true
}

/** Whether each is above the one before it. */
function isRising(numbers: Numbers): boolean {
  let before = Number.NEGATIVE_INFINITY
  for (const number of numbers) {
    if (number <= before) return false
    before = number
  }
  return true
}

function bucketColumnsOf(block: NativeBlock, row: number, { count }: Buckets): Columns {
  const column = (name: string): Numbers => arraysOf(block, name)[row] ?? new Float64Array(0)
  const rowOfBucket = new Int32Array(count).fill(-1)
  column('bucket').forEach((bucket, index) => {
    rowOfBucket[bucket] = index
  })
  const order = rowOfBucket.filter((index) => index >= 0)
  const sorted = (name: BucketColumn): Numbers => {
    const values = column(name)
    return Float64Array.from(order, (index) => values[index] ?? Number.NaN)
  }
  return bucketColumnsBy(sorted)
}
