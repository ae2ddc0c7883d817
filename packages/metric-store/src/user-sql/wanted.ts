import type { Token } from './tokens.ts'
import type { RunEntry, RunsWanted } from './types.ts'

const isName = (token: Token | undefined): token is Token => token?.kind === 'word' || token?.kind === 'name'
const isSign = (token: Token | undefined, value: string): boolean => token?.kind === 'operator' && token.value === value

/** Whether a query can read a table, or a column without asking for all: it cannot without its name. */
export function mentions(tokens: readonly Token[], name: string): boolean {
  return tokens.some((token) => isName(token) && token.value === name)
}

/** Whether a query asks for all columns of something, for all that can be told of its tokens. */
export function asksForAll(tokens: readonly Token[]): boolean {
  return tokens.some((_, index) => isAllColumns(tokens, index))
}

/** A `*` that is not that of `count(*)`, of all functions the one that reads no column: `uniq(*)` and `tuple(*)` read all of them. */
function isAllColumns(tokens: readonly Token[], index: number): boolean {
  const name = tokens[index - 2]
  const isCount = name?.kind === 'word' && /^count$/i.test(name.value)
  const isArgument = isSign(tokens[index - 1], '(') && isSign(tokens[index + 1], ')')
  return isSign(tokens[index], '*') && !(isCount && isArgument)
}

/**
 * What a query needs of the table `runs`: the entries that it names (`config.lr`, `r.summary."val/loss"`), and the whole config or summary
 * when it names them alone or asks for all columns.
 */
export function wantedOfRuns(tokens: readonly Token[]): RunsWanted {
  const entries = new Map<string, RunEntry>()
  const whole = { config: false, summary: false }
  tokens.forEach((token, index) => {
    if (isAllColumns(tokens, index)) whole.config = whole.summary = true
    if (!isName(token)) return
    const path = [token.value]
    for (let at = index; isSign(tokens[at + 1], '.') && isName(tokens[at + 2]); at += 2)
      path.push(tokens[at + 2]?.value ?? '')
    const [of, ...keys] = path.join('.').split('.')
    if (of !== 'config' && of !== 'summary') return
    if (keys.length === 0) whole[of] = true
    else entries.set(path.join('.'), { of, path: keys })
  })
  return { ...whole, entries: [...entries.values()] }
}
