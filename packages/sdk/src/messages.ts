import type { Value } from '@kiroku/core/values'
import { unheard } from './console/process-output.ts'
import { sparkline, thinned } from './sparkline.ts'

const maxLines = 10
const sparklineWidth = 40
const maxTextLength = 20

/** Writes lines for the user to standard error, past the recorded console. Never throws. */
export function tell(lines: readonly string[]): void {
  if (lines.length === 0) return
  try {
    const text = `${lines.map((line) => `kiroku: ${line}`.trimEnd()).join('\n')}\n`
    unheard(() => process.stderr.write(text, leaveUnread))
  } catch {
    // Nobody reads standard error; a message is not worth more than the training.
  }
}

let isUnread = false

/** Takes the events by which a stream that nobody reads any more would end the script: one for each of our lines that fails. */
function leaveUnread(error: Error | null | undefined): void {
  if (!error || isUnread) return
  isUnread = true
  process.stderr.on('error', () => {})
}

/** What is told of a run at its end: the course of its metrics and its summary, ten lines of each at most. */
export function endTable(courses: ReadonlyMap<string, readonly number[]>, summary: Record<string, Value>): string[] {
  const history = [...courses]
    .filter(([name, course]) => !name.startsWith('_') && course.length > 0)
    .map(([name, course]) => [name, sparkline(thinned(course, sparklineWidth))] as const)
  const values = Object.entries(summary).flatMap(([name, value]) => {
    const text = name.startsWith('_') ? undefined : shortText(value)
    return text === undefined ? [] : [[name, text] as const]
  })
  return [...section('Run history:', history), ...section('Run summary:', values)]
}

function section(title: string, entries: readonly (readonly [string, string])[]): string[] {
  if (entries.length === 0) return []
  const shown = [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, maxLines)
  const width = Math.max(...shown.map(([name]) => name.length))
  const more = entries.length - shown.length
  const lines = shown.map(([name, text]) => `  ${name.padStart(width)} ${text}`)
  return ['', title, ...lines, ...(more > 0 ? [`  +${more.toLocaleString('en-US')} ...`] : [])]
}

/** Numbers to five decimals, texts to twenty characters; an object's first numbers; nothing for lists and media. */
function shortText(value: Value): string | undefined {
  if (typeof value === 'number') return shortNumber(value)
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return value.length > maxTextLength ? `${value.slice(0, maxTextLength)}...` : value
  if (value === null || Array.isArray(value) || '_type' in value) return undefined
  const parts = Object.entries(value).flatMap(([name, part]) =>
    typeof part === 'number' ? [`${name} ${shortNumber(part)}`] : [],
  )
  return parts.length > 0 ? parts.join(', ') : undefined
}

function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const rounded = Number(value.toFixed(5))
  return rounded === 0 && value !== 0 ? value.toExponential(3) : String(rounded)
}

/** A number of bytes for people. */
export function shortBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(0)} KiB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
