import type { XAxis } from '@kiroku/core/axes'
import { formatCount, formatNumber } from '../format/numbers.ts'
import { formatDuration, formatMoment } from '../format/times.ts'

/** One x of an axis for reading. */
export function formatX(axis: XAxis, x: number): string {
  if (axis.kind === 'time') return formatMoment(x)
  if (axis.kind === 'relative') return formatDuration(x)
  return Number.isInteger(x) ? formatCount(x) : formatNumber(x, 6)
}
