import { type ConsoleLine, maxConsoleLineLength } from '@kiroku/core/history'
import { maxTimeMs } from '@kiroku/core/runs'
import { cleanText } from '@kiroku/core/values'

/** A line that a script printed. `time` is unix milliseconds; `label` names the process in shared mode. */
export type PrintedLine = Pick<ConsoleLine, 'stream' | 'text'> & { time: number | null; label: string | null }

const legacy = /^(ERROR )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}) (?:\[([^\]]+)\] )?(.*)$/s
const markLength = 48

/** Reads one line of `output.log` as it is streamed: structured, or text with a time in front; anything else is all text. */
export function readConsoleLine(line: string): PrintedLine {
  const text = line.endsWith('\n') ? line.slice(0, -1) : line
  const structured = text.startsWith('{') ? readStructured(text) : undefined
  if (structured !== undefined) return structured
  const [, error, time, label, content] = legacy.exec(text) ?? []
  if (time === undefined) return { stream: 'stdout', time: null, label: null, text: kept(text) }
  return {
    stream: error === undefined ? 'stdout' : 'stderr',
    time: timeOf(time),
    label: label === undefined ? null : cleanText(label),
    text: kept(content ?? ''),
  }
}

function readStructured(text: string): PrintedLine | undefined {
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof line !== 'object' || line === null || !('ts' in line) || !('content' in line)) return undefined
  const { ts, content } = line
  if (typeof ts !== 'string' || typeof content !== 'string') return undefined
  const label = 'label' in line && typeof line.label === 'string' ? cleanText(line.label) : null
  const stream = 'level' in line && line.level === 'error' ? 'stderr' : 'stdout'
  return { stream, time: timeOf(ts), label, text: kept(content) }
}

/** Times come in UTC, without a Z. */
function timeOf(text: string): number | null {
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
  return Math.abs(time) <= maxTimeMs ? time : null
}

/** What is too long is cut, and says by how much. */
function kept(text: string): string {
  const clean = cleanText(text)
  if (clean.length <= maxConsoleLineLength) return clean
  const part = cleanText(clean.slice(0, maxConsoleLineLength - markLength))
  return `${part} ... (${clean.length - part.length} more characters)`
}
