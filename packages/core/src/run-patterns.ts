/** A pattern as PostgreSQL has it, or what is wrong with it. */
export type RewrittenPattern = { pattern: string } | { fault: string }

/** Escapes that both know, and those that PostgreSQL calls otherwise. */
const sameEscapes = 'dDsSwWAafnrtv'
const otherEscapes: Readonly<Record<string, string>> = { b: '\\y', B: '\\Y', z: '\\Z' }

class PatternFault extends Error {}

const isLetterOrDigit = (text: string): boolean => /^[\p{L}\p{N}]$/u.test(text)

/** The options that stand for the flags of RE2, whose dot leaves out line ends and whose `^` and `$` are those of the text. */
const optionsOf = (flags: string): string => {
  const isLined = flags.includes('m')
  const lines = flags.includes('s') ? (isLined ? 'w' : 's') : isLined ? 'n' : 'p'
  return `(?${flags.includes('i') ? 'i' : ''}${lines})`
}

function characterOf(hex: string): string {
  const code = Number.parseInt(hex, 16)
  if (!(code > 0 && code <= 0x10ffff)) throw new PatternFault(`\\x{${hex}} is no character`)
  return `\\U${code.toString(16).padStart(8, '0')}`
}

/** The escape at the start of `rest`, rewritten, and how long it was. */
function rewriteEscape(rest: string): { text: string; length: number } {
  const [, long, short] = /^\\x(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(rest) ?? []
  if (long !== undefined) return { text: characterOf(long), length: long.length + 4 }
  if (short !== undefined) return { text: characterOf(short), length: 4 }
  const letter = [...rest.slice(1, 3)][0]
  if (letter === undefined) throw new PatternFault('it ends with a backslash')
  const known = sameEscapes.includes(letter) ? `\\${letter}` : otherEscapes[letter]
  if (known !== undefined) return { text: known, length: 2 }
  if (isLetterOrDigit(letter)) throw new PatternFault(`\\${letter} is not supported`)
  return { text: `\\${letter}`, length: 1 + letter.length }
}

/** The bracket expression at the start of `rest`, rewritten, and how long it was. */
function rewriteBracket(rest: string, leavesOutLineEnds: boolean): { text: string; length: number } {
  const isNegated = rest.startsWith('[^')
  let at = isNegated ? 2 : 1
  let inner = ''
  while (at < rest.length) {
    const letter = rest.charAt(at)
    if (letter === ']' && inner !== '') {
      const text = `[${isNegated ? '^' : ''}${inner}]`
      return { text: isNegated && leavesOutLineEnds ? `(?:${text}|\\n)` : text, length: at + 1 }
    }
    const named = /^\[:\^?[a-z]+:\]/.exec(rest.slice(at))?.[0]
    if (named !== undefined) {
      inner += named
      at += named.length
    } else if (letter === '\\') {
      const escaped = rewriteEscape(rest.slice(at))
      if (/^\\[yYZA]$/.test(escaped.text)) throw new PatternFault(`${escaped.text} does not stand in brackets`)
      inner += escaped.text
      at += escaped.length
    } else {
      inner += letter === '[' || letter === ']' ? `\\${letter}` : letter
      at += 1
    }
  }
  throw new PatternFault('a bracket is not closed')
}

/** The head of a group at the start of `rest`, rewritten, and how long it was. */
function rewriteGroup(rest: string): { text: string; length: number } {
  const head = /^\(\?(?::|P?<[A-Za-z_][A-Za-z0-9_]*>)/.exec(rest)?.[0]
  if (head !== undefined) return { text: '(?:', length: head.length }
  if (rest.startsWith('(?'))
    throw new PatternFault('of groups with (? only (?:…), (?P<name>…) and flags at the start are supported')
  return { text: '(', length: 1 }
}

function rewrite(pattern: string): string {
  const flags = /^\(\?([ims]+)\)/.exec(pattern)
  const options = optionsOf(flags?.[1] ?? '')
  const leavesOutLineEnds = /[pn]\)$/.test(options)
  let at = flags?.[0].length ?? 0
  let text = options
  while (at < pattern.length) {
    const rest = pattern.slice(at)
    if (rest.startsWith('\\Q')) {
      const end = rest.indexOf('\\E')
      const literal = rest.slice(2, end < 0 ? rest.length : end)
      text += literal.replaceAll(/[^\p{L}\p{N}\s]/gu, '\\$&')
      at += end < 0 ? rest.length : end + 2
      continue
    }
    const letter = rest.charAt(0)
    const part =
      letter === '\\'
        ? rewriteEscape(rest)
        : letter === '['
          ? rewriteBracket(rest, leavesOutLineEnds)
          : letter === '('
            ? rewriteGroup(rest)
            : { text: letter, length: 1 }
    text += part.text
    at += part.length
  }
  return text
}

/**
 * A pattern in the syntax of RE2 as PostgreSQL's advanced regular expressions have it, or what of it they cannot say: `\p`,
 * `\C`, octal escapes, flags within. What is malformed otherwise is PostgreSQL's to find.
 */
export function toPostgresPattern(pattern: string): RewrittenPattern {
  try {
    return { pattern: rewrite(pattern) }
  } catch (error) {
    if (error instanceof PatternFault) return { fault: error.message }
    throw error
  }
}
