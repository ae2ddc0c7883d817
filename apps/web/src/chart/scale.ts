/** A range of values; `from <= to`. */
export type Range = { from: number; to: number }

export type ScaleKind = 'linear' | 'log'

/** How values become places between 0 and 1. A log scale's range is above 0. */
export type Scale = Range & { kind: ScaleKind }

/** The place of a value: 0 at `from`, 1 at `to`. What a log scale cannot show is NaN. */
export function place(scale: Scale, value: number): number {
  if (scale.kind === 'linear') return (value - scale.from) / (scale.to - scale.from)
  if (value <= 0) return Number.NaN
  return Math.log(value / scale.from) / Math.log(scale.to / scale.from)
}

/** The value at a place: the inverse of `place`. */
export function valueAt(scale: Scale, at: number): number {
  if (scale.kind === 'linear') return scale.from + at * (scale.to - scale.from)
  return scale.from * (scale.to / scale.from) ** at
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
    const air = from === to ? 2 : (to / from) ** 0.06
    return { kind, from: from / air, to: to * air }
  }
  const air = from === to ? Math.abs(from) * 0.1 || 1 : (to - from) * 0.06
  return { kind, from: from - air, to: to + air }
}

/** An x scale over exactly the range; a range of no extent gets half a unit on either side. */
export function xScaleFor(range: Range | null): Scale {
  if (range === null) return { kind: 'linear', from: 0, to: 1 }
  if (range.from < range.to) return { kind: 'linear', ...range }
  const air = Math.max(0.5, Math.abs(range.from) * 1e-9)
  return { kind: 'linear', from: range.from - air, to: range.to + air }
}
