/** A range of values; `from <= to`. */
export type Range = { from: number; to: number }

export type ScaleKind = 'linear' | 'log'

/** How values become places between 0 and 1. A log scale's range is above 0. */
export type Scale = Range & { kind: ScaleKind }

/** A sum or product that became infinite as the largest number. */
const finite = (value: number): number => Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value))

/** The place of a value: 0 at `from`, 1 at `to`. What a log scale cannot show is NaN. */
export function place(scale: Scale, value: number): number {
  const { kind, from, to } = scale
  if (kind === 'log')
    return value > 0 ? (Math.log(value) - Math.log(from)) / (Math.log(to) - Math.log(from)) : Number.NaN
  const extent = to - from
  // Two values may be further apart than any number is large.
  return Number.isFinite(extent) ? (value - from) / extent : (value / 2 - from / 2) / (to / 2 - from / 2)
}

/** The value at a place: the inverse of `place`. */
export function valueAt(scale: Scale, at: number): number {
  const { kind, from, to } = scale
  if (kind === 'log') return finite(from ** (1 - at) * to ** at)
  const extent = to - from
  return finite(Number.isFinite(extent) ? from + at * extent : from * (1 - at) + to * at)
}

/** The range with ends of no more digits than tell `finest` apart, so that addresses stay short. */
export function roundTo({ from, to }: Range, finest: number): Range {
  const digits = -Math.floor(Math.log10(finest))
  if (!Number.isFinite(digits) || digits > 15 || digits < -15) return { from, to }
  const round = (value: number): number =>
    digits < 0 ? Math.round(value / 10 ** -digits) * 10 ** -digits : Number(value.toFixed(digits))
  const [low, high] = [round(from), round(to)]
  return low < high ? { from: low, to: high } : { from, to }
}

/** A y scale that shows the range with a little air; a range of no extent gets some around it. */
export function yScaleFor(range: Range | null, kind: ScaleKind): Scale {
  if (range === null) return { kind, from: kind === 'log' ? 0.1 : 0, to: 1 }
  const { from, to } = range
  if (kind === 'log') {
    // Logarithms of neighbouring numbers are the same.
    const air = from === to ? 2 : Math.max(1 + 1e-9, to ** 0.06 / from ** 0.06)
    return { kind, from: Math.max(Number.MIN_VALUE, from / air), to: finite(to * air) }
  }
  const air = from === to ? Math.abs(from) * 0.1 || 1 : (to / 2 - from / 2) * 0.12
  return { kind, from: finite(from - air), to: finite(to + air) }
}

/** An x scale over exactly the range; a range of no extent gets half a unit on either side. */
export function xScaleFor(range: Range | null): Scale {
  if (range === null) return { kind: 'linear', from: 0, to: 1 }
  if (range.from < range.to) return { kind: 'linear', ...range }
  const air = Math.max(0.5, Math.abs(range.from) * 1e-9)
  return { kind: 'linear', from: finite(range.from - air), to: finite(range.to + air) }
}
