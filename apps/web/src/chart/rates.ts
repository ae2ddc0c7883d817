import type { BucketSeries, PointSeries, Series } from '@kiroku/core/series'

/** The series with every value times `factor`. */
export function scaled(series: Series, factor: number): Series {
  const times = (values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => values.map((value) => value * factor)
  if (series.form === 'points') return { ...series, columns: { ...series.columns, y: times(series.columns.y) } }
  const { firstY, minY, maxY, lastY, sum } = series.columns
  const values = { firstY: times(firstY), minY: times(minY), maxY: times(maxY), lastY: times(lastY), sum: times(sum) }
  return { ...series, columns: { ...series.columns, ...values } }
}

/**
 * What a counter grew by in a second. A point stands for the time since the one before it; where the counter began anew there is
 * none. A bucket stands for the time since the one before it, which only an axis of time tells: on others it is left out.
 */
export function ratesOf(series: Series): Series {
  return series.form === 'points' ? ratesOfPoints(series) : ratesOfBuckets(series)
}

function ratesOfPoints(series: PointSeries): PointSeries {
  const { x, y, step, time } = series.columns
  const rates = differences(y, time)
  const pick = (values: Float64Array): Float64Array<ArrayBuffer> =>
    Float64Array.from(rates, ({ index }) => values[index] ?? Number.NaN)
  const columns = { x: pick(x), y: Float64Array.from(rates, ({ rate }) => rate), step: pick(step), time: pick(time) }
  return { ...series, count: rates.length, columns }
}

function ratesOfBuckets(series: BucketSeries): BucketSeries {
  const { lastX, lastY, count } = series.columns
  const isTimed = series.x.kind === 'relative' || series.x.kind === 'time'
  const rates = isTimed ? differences(lastY, lastX) : []
  const at = Float64Array.from(rates, ({ index }) => lastX[index] ?? Number.NaN)
  const values = Float64Array.from(rates, ({ rate }) => rate)
  const counts = Float64Array.from(rates, ({ index }) => count[index] ?? 0)
  const none = new Float64Array(rates.length)
  return {
    ...series,
    count: counts.reduce((sum, one) => sum + one, 0),
    columns: {
      firstX: at,
      firstY: values,
      minX: at,
      minY: values,
      maxX: at,
      maxY: values,
      lastX: at,
      lastY: values,
      count: counts,
      sum: values.map((rate, index) => rate * (counts[index] ?? 0)),
      nanCount: none,
      positiveInfinityCount: none,
      negativeInfinityCount: none,
    },
  }
}

function differences(values: Float64Array, ms: Float64Array): { index: number; rate: number }[] {
  const rates: { index: number; rate: number }[] = []
  for (let index = 1; index < values.length; index++) {
    const seconds = ((ms[index] ?? Number.NaN) - (ms[index - 1] ?? Number.NaN)) / 1000
    const growth = (values[index] ?? Number.NaN) - (values[index - 1] ?? Number.NaN)
    if (seconds > 0 && growth >= 0) rates.push({ index, rate: growth / seconds })
  }
  return rates
}
