import { bucketOf, cutBuckets } from '@kiroku/core/buckets'
import type { BucketSeries, PointSeries } from '@kiroku/core/series'

type Named = { run?: string; metric?: string; withoutX?: number }

/** A series as its points, for tests: `y` at x 0, 1, 2, ... or at the `x` given. */
export function pointSeries(
  y: readonly number[],
  { x, ...named }: Named & { x?: readonly number[] } = {},
): PointSeries {
  const xs = Float64Array.from(x ?? y.map((_, index) => index))
  const columns = {
    x: xs,
    y: Float64Array.from(y),
    step: xs,
    time: xs.map((value) => 1_700_000_000_000 + value * 1000),
  }
  return { ...facts(named), form: 'points', count: y.length, columns }
}

/** The same points in `count` buckets, cut as the store cuts them. */
export function bucketSeries(y: readonly number[], count: number, named: Named = {}): BucketSeries {
  const buckets = cutBuckets({ from: 0, to: y.length - 1 }, count)
  const rows = Array.from({ length: buckets.count }, (): { x: number; y: number }[] => [])
  y.forEach((value, x) => {
    rows[bucketOf(buckets, x)]?.push({ x, y: value })
  })
  const filled = rows.filter((row) => row.length > 0)
  const column = (value: (row: readonly { x: number; y: number }[]) => number): Float64Array<ArrayBuffer> =>
    Float64Array.from(filled, value)
  const finite = (row: readonly { x: number; y: number }[]): readonly { x: number; y: number }[] =>
    row.filter((point) => Number.isFinite(point.y))
  const none = (row: readonly { x: number; y: number }[]): { x: number; y: number } => ({
    x: row[0]?.x ?? 0,
    y: Number.NaN,
  })
  const first = (row: readonly { x: number; y: number }[]) => finite(row)[0] ?? none(row)
  const last = (row: readonly { x: number; y: number }[]) => finite(row).at(-1) ?? none(row)
  const min = (row: readonly { x: number; y: number }[]) =>
    finite(row).reduce((best, point) => (point.y < best.y ? point : best), first(row))
  const max = (row: readonly { x: number; y: number }[]) =>
    finite(row).reduce((best, point) => (point.y > best.y ? point : best), first(row))
  const counting = (is: (value: number) => boolean) => column((row) => row.filter((point) => is(point.y)).length)
  return {
    ...facts(named),
    form: 'buckets',
    count: y.length,
    columns: {
      firstX: column((row) => first(row).x),
      firstY: column((row) => first(row).y),
      minX: column((row) => min(row).x),
      minY: column((row) => min(row).y),
      maxX: column((row) => max(row).x),
      maxY: column((row) => max(row).y),
      lastX: column((row) => last(row).x),
      lastY: column((row) => last(row).y),
      count: column((row) => row.length),
      sum: column((row) => finite(row).reduce((sum, point) => sum + point.y, 0)),
      nanCount: counting(Number.isNaN),
      positiveInfinityCount: counting((value) => value === Number.POSITIVE_INFINITY),
      negativeInfinityCount: counting((value) => value === Number.NEGATIVE_INFINITY),
    },
  }
}

function facts({ run = 'run-a', metric = 'loss', withoutX = 0 }: Named) {
  return { run, metric, stream: 'history' as const, x: { kind: 'step' as const }, withoutX }
}
