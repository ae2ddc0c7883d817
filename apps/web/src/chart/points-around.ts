import type { XAxis } from '@kiroku/core/axes'
import { type PointSeries, pointColumns, type SeriesAnswer } from '@kiroku/core/series'
import { lineKey } from './prepare-chart.ts'
import type { Range } from './scale.ts'

/**
 * An answer for a range of x, in which exact series have the points beyond it too, as far as `whole` has those of them:
 * a line that crosses the range may have no point in it.
 */
export function withPointsAround(answer: SeriesAnswer, whole: SeriesAnswer): SeriesAnswer {
  const { range } = answer
  if (range === null) return answer
  const wholes = new Map(whole.series.map((series) => [lineKey(series), series] as const))
  return {
    ...answer,
    series: answer.series.map((series) => {
      const around = wholes.get(lineKey(series))
      return series.form === 'points' && around?.form === 'points' && isSameAxis(series.x, around.x)
        ? joined(series, around, range)
        : series
    }),
  }
}

const isSameAxis = (one: XAxis, other: XAxis): boolean =>
  one.kind === 'metric' && other.kind === 'metric' ? one.name === other.name : one.kind === other.kind

/** The points of `around` before and after the range, with those of `inside` between them. */
function joined(inside: PointSeries, around: PointSeries, range: Range): PointSeries {
  const { x } = around.columns
  const from = x.findIndex((at) => at >= range.from)
  const to = x.findIndex((at) => at > range.to)
  const [before, after] = [from < 0 ? x.length : from, to < 0 ? x.length : to]
  const middle = inside.columns.x.length
  const columns = { ...inside.columns }
  for (const name of pointColumns) {
    const column = new Float64Array(before + middle + x.length - after)
    column.set(around.columns[name].subarray(0, before))
    column.set(inside.columns[name], before)
    column.set(around.columns[name].subarray(after), before + middle)
    columns[name] = column
  }
  return { ...inside, count: columns.x.length, columns }
}
