import { refusal } from './refusal.ts'

/** A token of a query and where it stands in the user's text (UTF-16 units). `value` is a name without its quotes. */
export type Token = {
  kind: 'word' | 'name' | 'number' | 'string' | 'operator'
  value: string
  from: number
  to: number
}

/**
 * `text` is what ClickHouse is given: the user's text, character for character, but for comments, which are spaces, a `;` at the
 * end, and quotes, which are written in one way. Each token stands in both at the same place.
 */
export type Tokens = { text: string; tokens: readonly Token[] }

const maxDepth = 100
const closing = { ')': '(', ']': '[' } as const
const word = /[A-Za-z_][A-Za-z0-9_]*/y
const number = /(?:0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/y
const digits = /\d+/y
const space = /[ \t\r\n]+/y
const lineComment = /--[^\n]*/y
const blockComment = /\/\*.*?\*\//sy
const string = /'(?:[^'\\\0]|\\[^\0]|'')*'/y
const backQuoted = /`([^`"\\\p{Cc}]+)`/uy
const doubleQuoted = /"([^`"\\\p{Cc}]+)"/uy
const operator = /(?:->|::|\|\||<=>|==|!=|<>|<=|>=|[()[\],.+\-*/%<>=?:;])/y

/**
 * Cuts a user's query into tokens. Only what is listed here gets through, and strings and names are closed by construction, so that
 * ClickHouse cannot see other tokens in `text` than these. Brackets match, and nothing stands behind a `;`. Throws `KirokuError`
 * BAD_REQUEST at the place of what is refused.
 */
export function readTokens(query: string): Tokens {
  const tokens: Token[] = []
  const open: string[] = []
  let text = ''
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(query)
  }
  const add = (kind: Token['kind'], value: string, written: string): void => {
    const to = at + written.length
    if (isEnd(tokens.at(-1)) && written !== ';')
      throw refusal('only one statement can be run at once', { from: at, to })
    tokens.push({ kind, value, from: at, to })
    text += written
    at = to
  }
  while (at < query.length) {
    const skipped = take(space)?.[0] ?? take(lineComment)?.[0] ?? take(blockComment)?.[0]
    if (skipped !== undefined) {
      text += skipped.replaceAll(/[^\r\n\t]/g, ' ')
      at += skipped.length
      continue
    }
    const previous = tokens.at(-1)
    const isAfterDot = previous?.value === '.' && previous.kind === 'operator'
    const found = take(word)?.[0]
    if (found !== undefined) {
      if (query[at + found.length] === "'" || (previous?.kind === 'number' && previous.to === at))
        throw refusal(`put a space beside ${found}`, { from: at, to: at + found.length })
      add('word', found, found)
      continue
    }
    // In `tags.1` the dot is an operator, though `.1` would be a number.
    const figure = isAfterDot ? take(digits)?.[0] : isTupleDot(query, at, previous) ? undefined : take(number)?.[0]
    if (figure !== undefined) {
      add('number', figure, figure)
      continue
    }
    const quoted = take(string)?.[0]
    if (quoted !== undefined) {
      add('string', quoted, canonicalString(quoted))
      continue
    }
    const name = take(backQuoted) ?? take(doubleQuoted)
    if (name?.[1] !== undefined) {
      add('name', name[1], `\`${name[1]}\``)
      continue
    }
    const sign = take(operator)?.[0]
    if (sign === undefined || query.startsWith('/*', at)) throw unreadable(query, at)
    balance(open, sign, at)
    add('operator', sign, sign)
  }
  if (open.length > 0) throw refusal(`a ${open.at(-1)} is not closed`, { from: query.length, to: query.length })
  return withoutEnd(text, tokens)
}

const isEnd = (token: Token | undefined): boolean => token?.kind === 'operator' && token.value === ';'

const isTupleDot = (query: string, at: number, previous: Token | undefined): boolean =>
  query[at] === '.' &&
  previous?.to === at &&
  (previous.kind === 'word' || previous.kind === 'name' || previous.value === ')' || previous.value === ']')

/** `''` is written as `\'`, which is as long, so that there is one way only in which a string goes on behind a quote. */
function canonicalString(quoted: string): string {
  const inner = quoted.slice(1, -1).replaceAll(/\\.|''/gs, (pair) => (pair === "''" ? "\\'" : pair))
  return `'${inner}'`
}

function balance(open: string[], sign: string, at: number): void {
  if (sign === '(' || sign === '[') {
    open.push(sign)
    if (open.length > maxDepth) throw refusal(`brackets may be ${maxDepth} deep at most`, { from: at, to: at + 1 })
  }
  if ((sign === ')' || sign === ']') && open.pop() !== closing[sign])
    throw refusal(`this ${sign} closes nothing`, { from: at, to: at + 1 })
}

function unreadable(query: string, at: number): Error {
  const character = String.fromCodePoint(query.codePointAt(at) ?? 0)
  const where = { from: at, to: at + character.length }
  if (character === "'" || character === '`' || character === '"')
    return refusal(`what begins with this ${character} is not closed, or has a backslash or a control character`, where)
  if (query.startsWith('/*', at)) return refusal('this comment is not closed', where)
  return refusal(`${JSON.stringify(character)} has no place in a query outside of quotes`, where)
}

/** A query may end in semicolons. */
function withoutEnd(text: string, tokens: Token[]): Tokens {
  const end = tokens.at(-1)
  if (end !== undefined && isEnd(end))
    return withoutEnd(`${text.slice(0, end.from)} ${text.slice(end.to)}`, tokens.slice(0, -1))
  if (end === undefined) throw refusal('there is no query', { from: 0, to: 0 })
  return { text, tokens }
}
