const glyphs = '▁▂▃▄▅▆▇█'

/** One glyph a value, from the lowest to the highest; a constant is all lowest, a non-finite value a space. */
export function sparkline(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite)
  const low = Math.min(...finite)
  const span = Math.max(...finite) - low
  const glyph = (value: number): string => {
    if (!Number.isFinite(value)) return ' '
    return glyphs.charAt(span > 0 ? Math.round(((value - low) / span) * (glyphs.length - 1)) : 0)
  }
  return values.map(glyph).join('')
}

/** At most `count` of the values, evenly spread, the first and the last among them. */
export function thinned(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values]
  return Array.from({ length: count }, (_, index) => {
    const at = Math.round((index * (values.length - 1)) / (count - 1))
    return values[at] ?? Number.NaN
  })
}
