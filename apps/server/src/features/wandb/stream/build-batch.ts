import {
  type ConsoleLine,
  emptyRowBlock,
  type HistoryBatch,
  type Rejection,
  type RunUpdate,
  type TextPoint,
} from '@kiroku/core/history'
import type { WireRecord } from '@kiroku/core/values'
import type { ExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { neededFiles, toKirokuMedia } from '@kiroku/wandb-format/media-values'
import { toWireDocument } from '@kiroku/wandb-format/wire'
import type { KnownMediaFiles } from '../files/index.ts'
import type { Position } from '../position.ts'
import type { StreamedRun } from '../runs/index.ts'
import type { ReadPost } from './read-post.ts'
import { type NumberedRow, toRowBlock } from './row-block.ts'
import { summaryUpdate } from './summary-update.ts'

/** What a batch is built from. `now` is unix milliseconds, for what came without a time. */
export type BatchSource = {
  names: Pick<HistoryBatch, 'project' | 'run' | 'writer'>
  run: StreamedRun
  ackSeq: number
  post: ReadPost
  files: KnownMediaFiles
  now: number
}

type Media = Position['media'][number]

/** So many media wait for their files at most; beyond that the oldest stay as they came. */
const maxWaiting = 1000

/**
 * A post as the records of Kiroku's own stream, numbered on from `ackSeq`: rows, the machine's rows, lines, media whose files
 * have come, the summary where it is not what the rows make of it, and the end. Answers the position after it as well, and which
 * media are waited for no more (`refused`).
 */
export function buildBatch(source: BatchSource): { batch: HistoryBatch; position: Position; refused: Rejection[] } {
  const { names, run, ackSeq, post, files, now } = source
  let seq = ackSeq
  const texts: TextPoint[] = []
  const waiting: Media[] = []
  let lastStep = run.lastStep
  let lastTime = now
  const rows = post.rows.map((row): NumberedRow => {
    seq++
    // A shared run's rows get theirs from the server when they are stored.
    const step = row.step ?? (lastStep ?? -1) + 1
    const time = row.time ?? lastTime
    lastStep = Math.max(lastStep ?? step, step)
    lastTime = time
    const place = { seq, step, time }
    for (const [metric, value] of row.texts) texts.push({ ...place, metric, value })
    for (const [metric, record] of row.media) {
      texts.push({ ...place, metric, value: toKirokuMedia(record, files) })
      if (isWaiting(record, files)) waiting.push({ metric, step, time, value: toWireDocument(record) })
    }
    return { ...place, numbers: row.numbers }
  })
  const systemRows = post.systemRows.map(({ time, numbers }): NumberedRow => {
    const at = time ?? now
    return { seq: ++seq, step: at, time: at, numbers }
  })
  const console = post.console.map(
    ({ line, stream, text, time }): ConsoleLine => ({ seq: ++seq, line, stream, text, time: time ?? now }),
  )
  // What a process logs at a step takes the place of what one before it did.
  const replaced = new Set(texts.map(({ metric, step }) => `${step} ${metric}`))
  const before = post.position.media.filter(({ metric, step }) => !replaced.has(`${step} ${metric}`))
  const come = before.filter(({ value }) => !isWaiting(value, files))
  for (const { value, ...place } of come) texts.push({ ...place, seq: ++seq, value: toKirokuMedia(value, files) })
  const left = [...before.filter((value) => !come.includes(value)), ...waiting]
  const media = left.slice(-maxWaiting)
  const refused = left.slice(0, -maxWaiting).map(
    ({ metric, step }): Rejection => ({
      metric,
      reason: `more than ${maxWaiting} media of the process wait for their files: that of step ${step} is waited for no more and stays as it came`,
    }),
  )
  const updates: RunUpdate[] = []
  const { change, byHand } = summaryUpdate({ run, post, files, lastStep, waiting: media })
  if (change) updates.push({ type: 'summary', seq: ++seq, ...change })
  if (post.isPreempting && !run.isPreempting) updates.push({ type: 'preempting', seq: ++seq })
  if (post.end) updates.push({ type: 'finish', seq: ++seq, ...post.end, time: now })
  return {
    batch: {
      ...names,
      firstSeq: ackSeq + 1,
      lastSeq: seq,
      history: rows.length > 0 ? toRowBlock(rows) : emptyRowBlock(),
      system: systemRows.length > 0 ? toRowBlock(systemRows) : emptyRowBlock(),
      texts,
      updates,
      console,
    },
    position: { ...post.position, media, byHand },
    refused,
  }
}

/** The files that a post's media, and those that waited, are shown by. */
export function filesOf({ rows, position }: ReadPost): { contents: string[]; tables: string[] } {
  const logged: readonly (ExtendedRecord | WireRecord)[] = [
    ...rows.flatMap(({ media }) => [...media.values()]),
    ...position.media.map(({ value }) => value),
  ]
  const needed = logged.map(neededFiles)
  return {
    contents: [...new Set(needed.flatMap(({ contents }) => contents))],
    tables: [...new Set(needed.flatMap(({ tables }) => tables))],
  }
}

function isWaiting(record: ExtendedRecord, files: KnownMediaFiles): boolean {
  const { contents, tables } = neededFiles(record)
  return [...contents, ...tables].some((path) => !files.isThere(path))
}
