/**
 * Whether a whole text is like an SQL pattern: `%` is any text, `_` any character, and `\` takes both for themselves. Takes at
 * most as many steps as the lengths of both multiplied.
 */
export function matchesLike(text: string, pattern: string): boolean {
  const letters = [...text]
  const parts = [...pattern.matchAll(/\\(.)|(.)/gsu)].map(([, escaped, plain = '']) =>
    escaped === undefined
      ? { letter: plain, isWild: plain === '%' || plain === '_' }
      : { letter: escaped, isWild: false },
  )
  let [at, part] = [0, 0]
  let back: { at: number; part: number } | undefined
  while (at < letters.length) {
    const { letter, isWild } = parts[part] ?? { letter: '', isWild: false }
    if (isWild && letter === '%') {
      back = { at, part }
      part++
    } else if (part < parts.length && (letter === letters[at] || (isWild && letter === '_'))) {
      at++
      part++
    } else if (back) {
      back = { ...back, at: back.at + 1 }
      at = back.at
      part = back.part + 1
    } else return false
  }
  return parts.slice(part).every(({ letter, isWild }) => isWild && letter === '%')
}
