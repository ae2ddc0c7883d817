import type { XAxis } from '@kiroku/core/axes'
import type { PointSeries } from '@kiroku/core/series'

/** Points that no run logged as a series, as one that a chart draws: in the order of x. */
export function pointSeries({ x, y }: { x: number[]; y: number[] }, run: string, axis: XAxis): PointSeries {
  const order = x.map((_, index) => index).sort((left, right) => (x[left] ?? 0) - (x[right] ?? 0))
  const xs = Float64Array.from(order, (index) => x[index] ?? 0)
  const ys = Float64Array.from(order, (index) => y[index] ?? 0)
  const columns = { x: xs, y: ys, step: xs, time: axis.kind === 'time' ? xs : new Float64Array(xs.length) }
  return { run, metric: 'value', stream: 'history', x: axis, form: 'points', count: xs.length, withoutX: 0, columns }
}
