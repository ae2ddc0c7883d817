import type { Buckets } from '@kiroku/core/buckets'
import type { bucketColumns } from '@kiroku/core/series'
import type { Engine } from '../engine/engine.ts'
import { arraysOf, type NativeBlock, numbersOf } from '../engine/native-format.ts'
import type { RequestedSeries, StoredSeries } from '../types.ts'
import { groupSeries, inHalves, type SeriesGroup, seriesKeyOf } from './groups.ts'
import { bucketsStatement, factsStatement, pointsStatement } from './series-sql.ts'

/** Of a series: how many points have no x, how many are in range, and their extent of x. */
export type Facts = { withoutX: number; count: number; minX: number; maxX: number }
export type Columns = StoredSeries['columns']
type Numbers = Float64Array<ArrayBuffer>
type Range = { from: number; to: number }

/** What a query about series needs beside them. */
export type Asking = { engine: Engine; project: string; signal: AbortSignal | undefined }

/** Counts points of series; those without any are left out. Without a range all of them are in it. */
export async function readFacts(
  { engine, project, signal }: Asking,
  series: readonly RequestedSeries[],
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

/** Reads series as their points in range. */
export async function readRawPoints(
  { engine, project, signal }: Asking,
  series: readonly RequestedSeries[],
  range: Range,
): Promise<Map<string, Columns>> {
  const columns = new Map<string, Columns>()
  const readGroup = async (group: SeriesGroup): Promise<void> => {
    const blocks = await engine.columns({ ...pointsStatement(project, group, range), signal })
    forEachSeries(group, blocks, (key, block, row) => columns.set(key, pointColumnsOf(block, row)))
  }
  await Promise.all(inHalves(groupSeries(series)).map(readGroup))
  return columns
}

/** Reads series in buckets that are cut from their points. */
export async function readRawBuckets(
  { engine, project, signal }: Asking,
  series: readonly RequestedSeries[],
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

/** The key of a group's series by the places of its run and metric. */
export function keyAt(group: SeriesGroup, runIndex: number, metricIndex: number): string {
  const run = group.runs[runIndex] ?? ''
  const metric = group.metrics[metricIndex] ?? ''
  return seriesKeyOf({ run, metric, stream: group.stream, x: group.x })
}

function pointColumnsOf(block: NativeBlock, row: number): Columns {
  const column = (name: string): Numbers => arraysOf(block, name)[row] ?? new Float64Array(0)
  const [step, y, time] = [column('steps'), column('ys'), column('times')]
  const isOverSteps = block.columns.has('versions')
  const x = isOverSteps ? step : column('xs')
  if (isSorted(x, step)) return { x, y, step, time }
  const versions = isOverSteps ? column('versions') : null
  const at = (values: Numbers | null, index: number): number => values?.[index] ?? 0
  const order = Array.from(x, (_, index) => index)
  order.sort((a, b) => at(x, a) - at(x, b) || at(step, a) - at(step, b) || at(versions, a) - at(versions, b))
  const standing = order.filter((index, place) => step[index] !== step[order[place + 1] ?? -1] || !isOverSteps)
  const sorted = (values: Numbers): Numbers => Float64Array.from(standing, (index) => values[index] ?? Number.NaN)
  return { x: sorted(x), y: sorted(y), step: sorted(step), time: sorted(time) }
}

/** Whether points are in the order of x, then step, as they mostly come, and none has the step of the one before. */
function isSorted(x: Numbers, step: Numbers): boolean {
  for (let index = 1; index < x.length; index++) {
    const [before, now] = [x[index - 1] ?? 0, x[index] ?? 0]
    if (before > now || (before === now && (step[index - 1] ?? 0) >= (step[index] ?? 0))) return false
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
  const sorted = (name: (typeof bucketColumns)[number]): Numbers => {
    const values = column(name)
    return Float64Array.from(order, (index) => values[index] ?? Number.NaN)
  }
  return {
    firstX: sorted('firstX'),
    firstY: sorted('firstY'),
    minX: sorted('minX'),
    minY: sorted('minY'),
    maxX: sorted('maxX'),
    maxY: sorted('maxY'),
    lastX: sorted('lastX'),
    lastY: sorted('lastY'),
    count: sorted('count'),
    sum: sorted('sum'),
    nanCount: sorted('nanCount'),
    positiveInfinityCount: sorted('positiveInfinityCount'),
    negativeInfinityCount: sorted('negativeInfinityCount'),
  }
}
