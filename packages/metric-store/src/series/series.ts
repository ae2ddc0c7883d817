import { type Buckets, cutBuckets, isSentAsPoints } from '@kiroku/core/buckets'
import type { bucketColumns } from '@kiroku/core/series'
import type { Engine } from '../engine/engine.ts'
import { arraysOf, type NativeBlock, numbersOf } from '../engine/native-format.ts'
import type { RequestedSeries, StoredSeries, StoreSeriesAnswer, StoreSeriesRequest } from '../types.ts'
import { groupSeries, type SeriesGroup, seriesKeyOf } from './groups.ts'
import { bucketsStatement, factsStatement, pointsStatement } from './series-sql.ts'

type Facts = { withoutX: number; count: number; minX: number; maxX: number }
type Columns = StoredSeries['columns']
type Numbers = Float64Array<ArrayBuffer>

const noFacts: Facts = { withoutX: 0, count: 0, minX: 0, maxX: 0 }

/**
 * Reads the series of a chart in three steps: how many points each has and over what x, then the small ones as their
 * points and the large ones in buckets. Each step is one query a group of series.
 */
export async function readSeries(
  engine: Engine,
  request: StoreSeriesRequest,
  signal: AbortSignal | undefined,
): Promise<StoreSeriesAnswer> {
  const { project, width } = request
  const facts = await readFacts(engine, request, signal)
  const range = request.range ?? extentOf([...facts.values()])
  const columns = new Map<string, { form: StoredSeries['form']; columns: Columns }>()
  if (range !== null) {
    const found = request.series.filter((series) => (facts.get(seriesKeyOf(series)) ?? noFacts).count > 0)
    const isSmall = (series: RequestedSeries): boolean =>
      isSentAsPoints(facts.get(seriesKeyOf(series))?.count ?? 0, width)
    const buckets = usableBuckets(cutBuckets(range, width))
    await Promise.all([
      ...groupSeries(found.filter(isSmall)).map(async (group) => {
        const blocks = await engine.columns({ ...pointsStatement(project, group, range), signal })
        forEachSeries(group, blocks, (key, block, row) => {
          columns.set(key, { form: 'points', columns: pointColumnsOf(block, row) })
        })
      }),
      ...groupSeries(found.filter((series) => !isSmall(series))).map(async (group) => {
        const blocks = await engine.columns({ ...bucketsStatement(project, group, range, buckets), signal })
        forEachSeries(group, blocks, (key, block, row) => {
          columns.set(key, { form: 'buckets', columns: bucketColumnsOf(block, row, buckets) })
        })
      }),
    ])
  }
  const series = request.series.map((entry) => {
    const key = seriesKeyOf(entry)
    return answeredSeries(entry, columns.get(key)?.columns ?? emptyPoints(), (facts.get(key) ?? noFacts).withoutX)
  })
  return { range, series }
}

async function readFacts(
  engine: Engine,
  request: StoreSeriesRequest,
  signal: AbortSignal | undefined,
): Promise<Map<string, Facts>> {
  const facts = new Map<string, Facts>()
  const readGroup = async (group: SeriesGroup): Promise<void> => {
    const statement = factsStatement(request.project, group, request.range ?? null)
    forEachSeries(group, await engine.columns({ ...statement, signal }), (key, block, row) => {
      const at = (name: string): number => numbersOf(block, name)[row] ?? 0
      facts.set(key, { withoutX: at('withoutX'), count: at('count'), minX: at('minX'), maxX: at('maxX') })
    })
  }
  await Promise.all(groupSeries(request.series).map(readGroup))
  return facts
}

function extentOf(facts: readonly Facts[]): { from: number; to: number } | null {
  const drawn = facts.filter(({ count }) => count > 0)
  if (drawn.length === 0) return null
  return drawn.reduce((range, { minX, maxX }) => ({ from: Math.min(range.from, minX), to: Math.max(range.to, maxX) }), {
    from: Number.POSITIVE_INFINITY,
    to: Number.NEGATIVE_INFINITY,
  })
}

/** A range so wide that its extent is not a finite number has one bucket. */
function usableBuckets(buckets: Buckets): Buckets {
  return Number.isFinite(buckets.width) ? buckets : { from: buckets.from, width: Number.MAX_VALUE, count: 1 }
}

function forEachSeries(
  group: SeriesGroup,
  blocks: readonly NativeBlock[],
  visit: (key: string, block: NativeBlock, row: number) => void,
): void {
  for (const block of blocks) {
    const runIndices = group.runs.length > 1 ? numbersOf(block, 'runIndexKey') : null
    const metricIndices = group.metrics.length > 1 ? numbersOf(block, 'metricIndexKey') : null
    for (let row = 0; row < block.rows; row++) {
      const run = group.runs[runIndices?.[row] ?? 0] ?? ''
      const metric = group.metrics[metricIndices?.[row] ?? 0] ?? ''
      visit(seriesKeyOf({ run, metric, stream: group.stream, x: group.x }), block, row)
    }
  }
}

function pointColumnsOf(block: NativeBlock, row: number): Columns {
  const column = (name: string): Numbers => arraysOf(block, name)[row] ?? new Float64Array(0)
  const x = column('xs')
  const step = column('steps')
  const order = Array.from(x, (_, index) => index)
  order.sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0) || (step[a] ?? 0) - (step[b] ?? 0))
  const sorted = (values: Numbers): Numbers => Float64Array.from(order, (index) => values[index] ?? Number.NaN)
  return { x: sorted(x), y: sorted(column('ys')), step: sorted(step), time: sorted(column('times')) }
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

const emptyPoints = (): Columns => ({
  x: new Float64Array(0),
  y: new Float64Array(0),
  step: new Float64Array(0),
  time: new Float64Array(0),
})

function answeredSeries({ run, metric, stream, x }: RequestedSeries, columns: Columns, withoutX: number): StoredSeries {
  const facts = { run, metric, stream, x, withoutX }
  if ('x' in columns) return { ...facts, form: 'points', count: columns.x.length, columns }
  return { ...facts, form: 'buckets', count: columns.count.reduce((sum, count) => sum + count, 0), columns }
}
