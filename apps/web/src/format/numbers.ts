export { formatBytes } from '@kiroku/core/bytes'

const suffixes = ['', 'k', 'M', 'G', 'T', 'P'] as const

const special = (value: number): string | null => {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+∞'
  if (value === Number.NEGATIVE_INFINITY) return '−∞'
  return null
}

const withMinus = (text: string): string => text.replace(/^-/, '−')

const trimZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

/**
 * A number for reading: `digits` significant digits, SI suffixes from 10 000 on, powers of ten below 0.0001. Whole
 * numbers below 10 000 stay whole. NaN and the infinities have names.
 */
export function formatNumber(value: number, digits = 4): string {
  const name = special(value)
  if (name !== null) return name
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 1e-4 || size >= 1e18) return withMinus(shortExponent(value, digits))
  if (size < 10_000) return withMinus(trimZeros(Number.isInteger(value) ? String(value) : value.toPrecision(digits)))
  return withMinus(withSuffix(value, digits))
}

function shortExponent(value: number, digits: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e')
  return `${trimZeros(mantissa)}e${exponent.replace('+', '')}`
}

function withSuffix(value: number, digits: number): string {
  const rounded = Number(value.toPrecision(digits))
  const power = Math.min(suffixes.length - 1, Math.floor(Math.log10(Math.abs(rounded)) / 3))
  return `${trimZeros((rounded / 1000 ** power).toPrecision(digits))}${power > 0 ? ` ${suffixes[power]}` : ''}`
}

/** The number as it is stored, for hovering and copying: every digit that tells it from its neighbours. */
export function formatExact(value: number): string {
  return special(value)?.replace('−', '-').replace('∞', 'Infinity') ?? String(value)
}

/** A count with thousands apart: `24 000`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** A count that has little room: `999`, `9.3k`, `24k`. */
export function formatShortCount(count: number): string {
  return count < 1000 ? String(count) : withSuffix(count, 2).replace(' ', '')
}
