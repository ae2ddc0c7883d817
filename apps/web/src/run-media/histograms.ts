import type { HistogramValue } from '@kiroku/core/media'

/** A histogram's bar: from where to where, how many values, and their share of the tallest density. */
export type Bar = { from: number; to: number; count: number; height: number }

const finiteOr0 = (value: number): number => (Number.isFinite(value) ? value : 0)

/** A histogram's bars. Heights follow the density, so that bins of different widths can be compared; 1 is the tallest. */
export function barsOf({ values, bins }: Pick<HistogramValue, 'values' | 'bins'>): Bar[] {
  const bars = values.map((count, index) => ({ from: bins[index] ?? 0, to: bins[index + 1] ?? 0, count }))
  // A bin without width holds equal values: it is as wide as the narrowest of the others.
  const widths = bars.map(({ from, to }) => to - from).filter((width) => width > 0)
  const narrowest = widths.length > 0 ? Math.min(...widths) : 1
  const densities = bars.map(({ from, to, count }) => finiteOr0(count / (to > from ? to - from : narrowest)))
  const tallest = Math.max(...densities)
  return bars.map((bar, index) => ({ ...bar, height: tallest > 0 ? (densities[index] ?? 0) / tallest : 0 }))
}

/** The range of values that some histograms have in all; one of equal values gets some room around it. */
export function extentOf(histograms: readonly Pick<HistogramValue, 'bins'>[]): { from: number; to: number } | null {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { bins } of histograms) {
    from = Math.min(from, bins[0] ?? from)
    to = Math.max(to, bins.at(-1) ?? to)
  }
  if (!(from <= to)) return null
  if (from < to) return { from, to }
  const air = Math.max(Math.abs(from) * 0.05, 0.5)
  return { from: from - air, to: to + air }
}

/**
 * The share of a histogram's values in each of `rows` equal parts of a range, lowest first. A bin's values are spread
 * evenly over it, so the shares add up to 1 where the range holds all.
 */
export function sharesOf(
  { values, bins }: Pick<HistogramValue, 'values' | 'bins'>,
  range: { from: number; to: number },
  rows: number,
): Float64Array {
  const shares = new Float64Array(rows)
  const total = values.reduce((sum, count) => sum + count, 0)
  const rowHeight = (range.to - range.from) / rows
  if (!(total > 0) || !(rowHeight > 0)) return shares
  const rowOf = (value: number): number => Math.min(rows - 1, Math.max(0, Math.floor((value - range.from) / rowHeight)))
  for (const [index, count] of values.entries()) {
    if (count === 0) continue
    const [from, to] = [bins[index] ?? 0, bins[index + 1] ?? 0]
    const [first, last] = [rowOf(from), rowOf(to)]
    if (first === last || to <= from) {
      shares[first] = (shares[first] ?? 0) + count / total
      continue
    }
    for (let row = first; row <= last; row++) {
      const low = Math.max(from, range.from + row * rowHeight)
      const high = Math.min(to, range.from + (row + 1) * rowHeight)
      shares[row] = (shares[row] ?? 0) + (Math.max(0, high - low) / (to - from)) * (count / total)
    }
  }
  return shares
}
