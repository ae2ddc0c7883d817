import type { XAxis } from '@kiroku/core/axes'
import { formatNumber } from '../format/numbers.ts'
import type { Scale } from './scale.ts'

/** One tick: where it stands and what it says. */
export type Tick = { value: number; label: string }

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const timeSteps = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  ...[1, 2, 7, 14, 30, 90, 180, 365].map((count) => count * day),
]

/** The smallest of 1, 2, 5 times a power of ten that cuts `extent` into at most `parts`. */
export function niceStep(extent: number, parts: number): number {
  const raw = extent / Math.max(1, parts)
  const power = 10 ** Math.floor(Math.log10(raw))
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= raw * (1 - 1e-9)) ?? 10
  return factor * power
}

function everyStep(scale: Scale, step: number, offset = 0): number[] {
  // Of a range that is wider than any number, or than which no number is smaller, there is no part.
  if (step === 0 || !Number.isFinite(step)) return []
  const first = Math.ceil((scale.from - offset) / step - 1e-9)
  const last = Math.floor((scale.to - offset) / step + 1e-9)
  const values: number[] = []
  for (let index = first; index <= last && values.length < 100; index++) values.push(index * step + offset)
  return values
}

const decimalsOf = (step: number): number => Math.max(0, -Math.floor(Math.log10(step) + 1e-9))

/** Digits enough to tell neighbouring ticks apart, with one suffix for all. */
function numberLabel(value: number, step: number, largest: number): string {
  if (Math.abs(value) < step * 1e-6) return '0'
  if (largest >= 10_000 && largest < 1e15) return suffixed(value, step, largest)
  if (largest >= 1e15 || largest < 1e-3) return formatNumber(value, Math.max(2, significant(value, step)))
  return value.toFixed(decimalsOf(step)).replace(/^-/, '−')
}

const suffixes = ['', ' k', ' M', ' G', ' T'] as const

function suffixed(value: number, step: number, largest: number): string {
  const power = Math.min(suffixes.length - 1, Math.floor(Math.log10(largest * (1 + 1e-9)) / 3))
  const unit = 1000 ** power
  return `${(value / unit).toFixed(decimalsOf(step / unit)).replace(/^-/, '−')}${suffixes[power] ?? ''}`
}

const significant = (value: number, step: number): number =>
  Math.min(15, Math.floor(Math.log10(Math.abs(value))) - Math.floor(Math.log10(step)) + 1)

function linearTicks(scale: Scale, parts: number, finest = 0): Tick[] {
  const extent = scale.to - scale.from
  const nice = Number.isFinite(extent)
    ? niceStep(extent, parts)
    : niceStep(scale.to / 2 - scale.from / 2, Math.max(1, parts / 2))
  const step = Math.max(finest, nice)
  const largest = Math.max(Math.abs(scale.from), Math.abs(scale.to))
  return everyStep(scale, step).map((value) => ({ value, label: numberLabel(value, step, largest) }))
}

function logTicks(scale: Scale, parts: number): Tick[] {
  const decades = Math.log10(scale.to) - Math.log10(scale.from)
  if (decades < 1) return linearTicks(scale, parts).filter(({ value }) => value > 0)
  const stride = Math.max(1, Math.ceil(decades / parts))
  const ticks: Tick[] = []
  // Parsed, because `10 ** power` is off by a bit in some engines.
  const decade = (power: number): number => Number(`1e${power}`)
  for (let power = Math.ceil(Math.log10(scale.from) - 1e-9); decade(power) / (1 + 1e-9) <= scale.to; power += stride) {
    ticks.push({ value: decade(power), label: formatNumber(decade(power), 2) })
  }
  return ticks
}

const timeStep = (extent: number, parts: number): number =>
  timeSteps.find((step) => extent / step <= parts) ?? niceStep(extent / day, parts) * day

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')

function durationLabel(value: number, step: number): string {
  if (value === 0) return '0'
  if (step < second) return `${Number((value / second).toFixed(3))} s`
  if (step < minute && Math.abs(value) < hour)
    return value % minute === 0 || Math.abs(value) > minute
      ? `${Math.floor(value / minute)}:${two((value % minute) / second)}`
      : `${value / second} s`
  if (step < hour)
    return value >= hour ? `${Math.floor(value / hour)}:${two((value % hour) / minute)} h` : `${value / minute} m`
  return step < day ? `${value / hour} h` : `${value / day} d`
}

function wallLabel(value: number, step: number): string {
  const date = new Date(value)
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`
  const month = date.toLocaleDateString('en', { month: 'short' })
  if (step >= day) return `${month} ${date.getDate()}`
  if (step >= minute) return date.getHours() === 0 && date.getMinutes() === 0 ? `${month} ${date.getDate()}` : clock
  return step >= second ? `${clock}:${two(date.getSeconds())}` : `${two(date.getSeconds())}.${date.getMilliseconds()}`
}

const byteSuffixes = ['', ' Ki', ' Mi', ' Gi', ' Ti'] as const

function byteTicks(scale: Scale, parts: number): Tick[] {
  const largest = Math.max(Math.abs(scale.from), Math.abs(scale.to), 1)
  const power = Math.min(byteSuffixes.length - 1, Math.floor(Math.log2(largest) / 10))
  const unit = 1024 ** power
  const step = niceStep((scale.to - scale.from) / unit, parts) * unit
  return everyStep(scale, step).map((value) => ({
    value,
    label:
      Math.abs(value) < step * 1e-6
        ? '0'
        : `${(value / unit).toFixed(decimalsOf(step / unit)).replace(/^-/, '−')}${byteSuffixes[power] ?? ''}`,
  }))
}

/** Few ticks for a y scale, at most `parts + 1` where that leaves two of them; of bytes in binary units. */
export function yTicks(scale: Scale, parts: number, isBytes = false): Tick[] {
  if (scale.kind === 'log') return logTicks(scale, parts)
  const ticks = isBytes ? byteTicks : linearTicks
  const few = ticks(scale, parts)
  return few.length < 2 ? ticks(scale, 2 * parts) : few
}

/** At most `parts + 1` ticks for an x axis: numbers, durations since the start, or clock times in the reader's zone. */
export function xTicks(axis: XAxis, scale: Scale, parts: number): Tick[] {
  if (axis.kind === 'relative') {
    const step = timeStep(scale.to - scale.from, parts)
    return everyStep(scale, step).map((value) => ({ value, label: durationLabel(value, step) }))
  }
  if (axis.kind === 'time') {
    const step = timeStep(scale.to - scale.from, parts)
    const zone = -new Date(scale.from).getTimezoneOffset() * minute
    return everyStep(scale, step, -zone % step).map((value) => ({ value, label: wallLabel(value, step) }))
  }
  return linearTicks(scale, parts, axis.kind === 'step' ? 1 : 0)
}
