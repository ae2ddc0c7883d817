import { KirokuError } from '@kiroku/core/errors'
import { sqlLimits } from '@kiroku/core/sql'
import { clickhouseCodeOf, engineFailure, tooLarge } from '../engine/failures.ts'
import { refusal } from './refusal.ts'
import type { Token } from './tokens.ts'

const tooSlow = [159, 160]
const tooMuchMemory = [173, 241]
const tooLargeAnswer = [396]
/** Errors whose cause is the server's and not the query's: files, connections, what is missing in itself. */
const serversOwn = [49, 74, 75, 76, 107, 198, 209, 210, 236, 243, 279, 425, 481, 516, 999, 1000, 1001, 1002]
const maxLength = 300

/** What of the statement goes before the user's text, so that ClickHouse's positions are those of the text. */
type Placed = { query: string; text: string; tokens: readonly Token[]; before: string }

/**
 * What ClickHouse said of a user's query, in one line without anything of ours: BAD_REQUEST with the place where it is known, TOO_LARGE
 * for a limit. What is the engine's own failure is as of any other query.
 */
export function queryFailure(cause: unknown, placed: Placed): KirokuError {
  if (cause instanceof KirokuError) return cause
  const said = cause instanceof Error ? cause.message : String(cause)
  const code = clickhouseCodeOf(said, cause)
  if (code === undefined || serversOwn.includes(code)) return engineFailure('query', cause)
  if (tooSlow.includes(code)) return tookTooLong(cause)
  if (tooMuchMemory.includes(code))
    return new KirokuError({
      code: 'TOO_LARGE',
      message: `the query needs more than ${sqlLimits.maxMemoryBytes / 1e9} GB of memory: narrow it down, or group by less`,
      cause,
    })
  if (tooLargeAnswer.includes(code)) return tooLarge(sqlLimits.maxAnswerBytes)
  const syntax = /failed at position (\d+)/.exec(said)
  if (syntax) return syntaxError(said, Number(syntax[1]), placed)
  const message = readable(said)
  return refusal(message, placeOf(message, placed.tokens))
}

/** What a query is told whose rows could not be gathered on a cluster. */
export function gatherFailure(cause: unknown): unknown {
  if (!(cause instanceof KirokuError)) return cause
  const code = clickhouseCodeOf(cause.cause instanceof Error ? cause.cause.message : '', cause.cause)
  if (code !== undefined && tooSlow.includes(code)) return tookTooLong(cause)
  if (cause.code !== 'TOO_LARGE') return cause
  const most = sqlLimits.maxGatheredBytes / 1e6
  return new KirokuError({
    code: 'TOO_LARGE',
    message: `on a cluster a query reads up to ${most} MB of points, texts and console: name runs and metrics (run = '...' AND metric = '...'), and columns rather than *`,
    cause,
  })
}

/** What a query is told that took longer than it may. */
export function tookTooLong(cause: unknown): KirokuError {
  return new KirokuError({
    code: 'TOO_LARGE',
    message: `the query took longer than ${sqlLimits.maxSeconds} s: narrow it down, by run and metric above all`,
    cause,
  })
}

/** ClickHouse counts bytes of its statement from 1. */
function syntaxError(said: string, position: number, { query, text, tokens, before }: Placed): KirokuError {
  const bytes = Buffer.from(`${before}${text}`)
  const at = bytes.subarray(0, position - 1).toString().length - before.length
  const token = tokens.find(({ from, to }) => from <= at && at < to)
  const expected = /Expected (?:one of: )?([^\n]*?)\.?(?: \(SYNTAX_ERROR\)|$)/.exec(said)?.[1]
  if (token === undefined) return refusal('the query ends too early', { from: query.length, to: query.length })
  const written = query.slice(token.from, token.to)
  const previous = tokens[tokens.indexOf(token) - 1]
  if ([written, previous?.value].some((word) => /^(format|into|outfile)$/i.test(word ?? '')))
    return refusal('FORMAT and INTO OUTFILE have no place in a query: leave the clause out', token)
  const words = expected?.split(', ') ?? []
  const hint = words.length > 0 && words.length <= 8 ? `: expected ${words.join(', ')}` : ''
  return refusal(`syntax error at ${short(written)}${hint}`, token)
}

/** The message without its number, the statement that it quotes, and names of ours. */
function readable(said: string): string {
  const line = said.replace(/^(?:Code: \d+\. )?(?:DB::Exception: )?/s, '').replaceAll(/\s+/g, ' ')
  const hint = /Maybe you meant: \[([^\]]{1,200})\]/.exec(line)?.[1]
  const own = line
    .replace(
      /(?:[:.,]? (?:In scope|in scope|In query|While|while executing)\b|: while |\. Stack trace| \(version| \([A-Z_]+\)$).*$/s,
      '',
    )
    .replace(/\.(?: Maybe you meant| Consider | Set setting).*$/s, '')
    .replace(/\.$/, '')
    .replaceAll(/__table\d+\./g, '')
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '…')
    .replaceAll(/\b\w+\.(points|texts|console|migrations)\b/g, '$1')
  const entry = /^(?:Unknown expression identifier|Identifier) [`'](?:\w+\.)?((?:config|summary)\.[^`']+)[`']/.exec(
    own,
  )?.[1]
  if (entry !== undefined) return `no run of this project has \`${entry}\``
  const suggestion = hint === undefined ? '' : `; did you mean ${hint.replaceAll("'", '')}?`
  return `${short(own, maxLength)}${suggestion}`
}

/** Where the first name that a message quotes stands in the query. */
function placeOf(message: string, tokens: readonly Token[]): Token | undefined {
  const quoted = /[`']([^`']+)[`']/.exec(message)?.[1] ?? /function (\w+)/.exec(message)?.[1]
  if (quoted === undefined) return undefined
  const names = [quoted, quoted.split('.').at(-1)]
  return tokens.find(({ kind, value }) => kind !== 'string' && names.includes(value))
}

const short = (text: string, length = 60): string => (text.length > length ? `${text.slice(0, length)}…` : text)
