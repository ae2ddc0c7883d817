import type { Rejection } from '@kiroku/core/history'
import { type RunState, stateOfExitCode, writerLabelSchema } from '@kiroku/core/runs'
import { type PrintedLine, readConsoleLine } from '@kiroku/wandb-format/console-lines'
import type { ExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { type HistoryRow, readHistoryRow } from '@kiroku/wandb-format/history-row'
import { readSystemRow, type SystemRow } from '@kiroku/wandb-format/system-metrics'
import { advance, type Position } from '../position.ts'
import type { FileStreamRequest } from './file-stream.schema.ts'
import { readLines } from './read-lines.ts'

/** What of a post is new, parsed. `position` is after it; `refused` are the lines and metrics that cannot be stored. */
export type ReadPost = {
  rows: HistoryRow[]
  systemRows: SystemRow[]
  console: (PrintedLine & { line: number })[]
  /** The summary as the process has it, whole. */
  summary: ExtendedRecord | null
  /** The process says that its machine is about to be taken away: once, and it holds from then on. */
  isPreempting: boolean
  end: { state: RunState; exitCode: number } | null
  position: Position
  refused: Rejection[]
}

/** Parses what a post has beyond a position. A process that ends after it was asked to was killed. */
export function readPost(request: FileStreamRequest, position: Position, isStopAsked: boolean): ReadPost {
  const none = { offset: 0, content: [] }
  const files = request.files ?? {}
  const history = advance(position.history, files['wandb-history.jsonl'] ?? none)
  const events = advance(position.events, files['wandb-events.jsonl'] ?? none)
  const log = files['output.log'] ?? none
  const refused: Rejection[] = []
  const rows = readLines(history.lines, 'wandb-history.jsonl', refused).map(readHistoryRow)
  const exitCode = request.exitcode ?? 0
  return {
    rows,
    systemRows: readLines(events.lines, 'wandb-events.jsonl', refused).map(readSystemRow),
    console: log.content.map((text, index) => ({ ...readConsoleLine(text), line: log.offset + index })),
    summary: readLines(files['wandb-summary.json']?.content.slice(-1) ?? [], 'wandb-summary.json', refused)[0] ?? null,
    isPreempting: request.preempting ?? false,
    end: request.complete ? { state: isStopAsked ? 'killed' : stateOfExitCode(exitCode), exitCode } : null,
    position: {
      ...position,
      history: history.position,
      events: events.position,
      console: { lines: Math.max(position.console.lines, log.offset + log.content.length) },
    },
    refused: [...refused, ...rows.flatMap((row) => row.refused)],
  }
}

/** How the process calls itself, by the lines that it printed or by what its machine did; undefined where it does not say. */
export function labelOf({ console, systemRows }: ReadPost): string | undefined {
  const names = systemRows.flatMap(({ numbers }) => [...numbers.keys()])
  const said = [...console.map(({ label }) => label), ...names.map((name) => /\/l:(.+)$/.exec(name)?.[1])]
  return said.flatMap((label) => writerLabelSchema.safeParse(label).data ?? [])[0]
}
