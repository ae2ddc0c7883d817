import { type MetricDefinition, resolveDefinition } from '@kiroku/core/metrics'
import { toWireNumber, type WireValue } from '@kiroku/core/values'
import { type MediaFiles, toKirokuMedia } from '@kiroku/wandb-format/media-values'
import { toWireKey } from '@kiroku/wandb-format/wire'
import type { Position } from '../position.ts'
import type { StreamedRun } from '../runs/index.ts'
import { isKept, nameOfKey, readWireSummary, type SummaryChange } from '../runs/index.ts'
import type { ReadPost } from './read-post.ts'

export type SummarySource = {
  run: StreamedRun
  post: ReadPost
  files: MediaFiles
  /** The run's last step after the post. */
  lastStep: number | null
  /** Media that wait for their files: the summary has them when these come. */
  waiting: Position['media']
}

/**
 * What a script set in its summary by hand. The client sends the summary whole, most of which follows from the rows, and Kiroku
 * makes that itself; the rest is found by what differs. `byHand` are the keys that were set so, now and before: one of them that
 * is not in the summary any more was removed.
 *
 * A summary may be ahead of its rows, or behind: what it says of metrics that were logged counts when it is of the same step.
 */
export function summaryUpdate(source: SummarySource): { change: SummaryChange | null; byHand: string[] } {
  const { run, post, files, lastStep, waiting } = source
  const known = post.position.byHand
  if (post.summary === null) return { change: null, byHand: known }
  const { definitions } = run
  const document = readWireSummary(post.summary, definitions, (value) => toKirokuMedia(value, files))
  const logged = loggedValues(source)
  const skipped = new Set(waiting.map(({ metric }) => toWireKey(metric)))
  const isCurrent = document.lastStep === lastStep
  const set: Record<string, WireValue> = {}
  for (const [key, value] of document.entries) {
    const isLogged = logged.has(key) || (run.summary.has(key) && !run.explicit.has(key))
    if (skipped.has(key) || isAggregated(definitions, key, value) || (isLogged && !isCurrent)) continue
    if (!isKept(logged.get(key) ?? run.summary.get(key), value)) set[key] = value
  }
  const gone = known.filter((key) => !document.entries.has(key))
  const byHand = [...new Set([...known.filter((key) => document.entries.has(key)), ...Object.keys(set)])]
  const isChange = gone.length > 0 || Object.keys(set).length > 0
  return { change: isChange ? { set, unset: gone.map(nameOfKey) } : null, byHand }
}

/** What the post's rows make of the summary, under wire keys. */
function loggedValues({ post, files }: SummarySource): Map<string, WireValue> {
  const values = new Map<string, WireValue>()
  for (const { numbers, texts, media } of post.rows) {
    for (const [name, value] of numbers) values.set(toWireKey(name), toWireNumber(value))
    for (const [name, value] of texts) if (value !== null) values.set(toWireKey(name), value)
    for (const [name, record] of media) values.set(toWireKey(name), toKirokuMedia(record, files))
  }
  return values
}

/** Whether a value is what Kiroku makes of a metric's points by the operations of its definition. */
function isAggregated(definitions: readonly MetricDefinition[], key: string, value: WireValue): boolean {
  const operations = resolveDefinition(definitions, nameOfKey(key))?.summary ?? []
  return operations.length > 0 && typeof value === 'object' && value !== null && !('_type' in value)
}
