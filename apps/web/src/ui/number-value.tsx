import type { Value } from '@kiroku/core/values'
import type { ReactNode } from 'react'
import { formatExact, formatNumber } from '../format/numbers.ts'

const nameNonFinite = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? formatExact(value) : value

/** A value as text for copying: exact numbers, strings as they are, the rest as JSON with names for NaN and the infinities. */
export function valueText(value: Value): string {
  if (typeof value === 'number') return formatExact(value)
  return typeof value === 'string' ? value : JSON.stringify(value, nameNonFinite)
}

/** A value as text for reading: numbers rounded to sense. */
export function shortValueText(value: Value): string {
  return typeof value === 'number' ? formatNumber(value) : valueText(value)
}

/** A value for reading; hovering shows it whole. */
export function ValueText({ value }: { value: Value | undefined }): ReactNode {
  if (value === undefined) return null
  return <span title={valueText(value)}>{shortValueText(value)}</span>
}
