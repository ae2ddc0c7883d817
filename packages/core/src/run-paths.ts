import * as z from 'zod'
import type { Run } from './runs.ts'
import { isStorableText, type WireRecord, type WireValue } from './values.ts'

/** The fields of a run that runs are filtered and sorted by. Times are unix milliseconds; `tags` is a list of texts. */
export const runFields = [
  'slug',
  'displayName',
  'state',
  'group',
  'jobType',
  'notes',
  'tags',
  'createdAt',
  'startedAt',
  'finishedAt',
  'heartbeatAt',
  'runtimeMs',
  'lastStep',
  'exitCode',
  'hostname',
  'commit',
  'branch',
  'sweep',
] as const
export type RunField = (typeof runFields)[number]

/** What runs are filtered and sorted by: a field of theirs, or a flat dotted name of their config or summary. */
export type RunPath = RunField | `config.${string}` | `summary.${string}`

/** A path taken apart. */
export type RunPathParts = { source: 'run'; key: RunField } | { source: 'config' | 'summary'; key: string }

/** The longest name of config or summary in a path, in characters. */
export const maxPathKeyLength = 2048

const fieldOf = (text: string): RunField | undefined => runFields.find((field) => field === text)

/** Takes a path apart; null for a text that is none. */
export function parseRunPath(text: string): RunPathParts | null {
  const field = fieldOf(text)
  if (field !== undefined) return { source: 'run', key: field }
  const dot = text.indexOf('.')
  const source = text.slice(0, dot)
  const key = text.slice(dot + 1)
  return (source === 'config' || source === 'summary') && key !== '' ? { source, key } : null
}

/** A path as it comes from outside. */
export const runPathSchema = z.custom<RunPath>().superRefine((value: unknown, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message })
  if (typeof value !== 'string') return refuse(`expected a path, as config.lr, summary.loss or createdAt`)
  const parts = parseRunPath(value)
  if (parts === null)
    return refuse(
      `${JSON.stringify(value.slice(0, 100))} is no path: expected config.KEY, summary.KEY or one of ${runFields.join(', ')}`,
    )
  if (parts.key.length > maxPathKeyLength) refuse(`a path has at most ${maxPathKeyLength} characters`)
  else if (!isStorableText(parts.key)) refuse('expected well-formed text without NUL')
})

/** A run as far as paths lead into it. */
export type RunValues = Omit<Pick<Run, Exclude<RunField, 'hostname' | 'commit' | 'branch'>>, 'exitCode'> &
  Pick<Run, 'config' | 'summary' | 'git' | 'host' | 'exitCode'>

/**
 * What a run has at a path, in wire form; undefined for nothing. Of a config's or summary's names that are the same with
 * dots, the one with the longest first part counts.
 */
export function valueAtPath(run: RunValues, { source, key }: RunPathParts): WireValue | undefined {
  if (source !== 'run') return leafAt(run[source], key)
  switch (key) {
    case 'hostname':
      return run.host.hostname ?? undefined
    case 'commit':
      return run.git.commit ?? undefined
    case 'branch':
      return run.git.branch ?? undefined
    default:
      return run[key] ?? undefined
  }
}

const wireKey = (key: string): string => (key.startsWith('$') ? `$${key}` : key)

const isOpenRecord = (value: WireValue | undefined): value is WireRecord =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && !Object.hasOwn(value, '$n')

function leafAt(record: WireRecord, path: string): WireValue | undefined {
  const whole = wireKey(path)
  if (Object.hasOwn(record, whole)) return record[whole]
  for (let dot = path.lastIndexOf('.'); dot >= 0; dot = dot === 0 ? -1 : path.lastIndexOf('.', dot - 1)) {
    const key = wireKey(path.slice(0, dot))
    const inner = Object.hasOwn(record, key) ? record[key] : undefined
    const found = isOpenRecord(inner) ? leafAt(inner, path.slice(dot + 1)) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
