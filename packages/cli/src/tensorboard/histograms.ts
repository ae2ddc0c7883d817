import { type HistogramValue, maxHistogramBins } from '@kiroku/core/media'
import type { OldHistogram } from './event.ts'
import type { Tensor } from './tensor.ts'

/**
 * A histogram as TensorFlow 1 writes it. Its outermost buckets reach to the ends of all numbers; they are cut to what there
 * is. Undefined without values.
 */
export function fromOldHistogram({ min, max, limits, counts }: OldHistogram): HistogramValue | undefined {
  const bins = [min, ...limits.slice(0, counts.length - 1), max].map((edge) => Math.min(Math.max(edge, min), max))
  return shaped(counts, bins)
}

/** A histogram as TensorFlow 2 writes it: rows of left edge, right edge and count. Undefined for other shapes. */
export function fromTensor({ shape, numbers }: Tensor): HistogramValue | undefined {
  const [rows = 0, columns] = shape
  if (numbers === null || columns !== 3 || shape.length !== 2) return undefined
  const counts = Array.from({ length: rows }, (_, row) => numbers[row * 3 + 2] ?? 0)
  const bins = counts.map((_, row) => numbers[row * 3] ?? 0)
  return shaped(counts, [...bins, numbers[rows * 3 - 2] ?? 0])
}

function shaped(allCounts: readonly number[], allBins: readonly number[]): HistogramValue | undefined {
  const first = allCounts.findIndex((count) => count > 0)
  if (first < 0) return undefined
  const end = allCounts.findLastIndex((count) => count > 0) + 1
  let values = allCounts.slice(first, end)
  let bins = allBins.slice(first, end + 1)
  while (values.length > maxHistogramBins) {
    values = values.flatMap((count, index) => (index % 2 === 0 ? [count + (values[index + 1] ?? 0)] : []))
    bins = bins.filter((_, index) => index % 2 === 0 || index === bins.length - 1)
  }
  return [...values, ...bins].every(Number.isFinite) ? { _type: 'histogram', values, bins } : undefined
}
