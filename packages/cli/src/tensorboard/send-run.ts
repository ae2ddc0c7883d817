import { metricNameSchema } from '@kiroku/core/metrics'
import { RecordStream, type StreamTarget } from '../import/record-stream.ts'
import type { ServerClient } from '../server-client.ts'
import { readRecords } from './record-file.ts'
import { eventOf, type ScannedRun, toMs } from './scan.ts'
import { type PictureFile, readSummaryValue } from './values.ts'

/** What came of a run. `leftOut` counts values by what they were. */
export type SentRun = {
  /** The server had all of it. */
  isKnown: boolean
  points: number
  others: number
  takenBack: number
  leftOut: Map<string, number>
  /** Of many values that could not be stored the first, and how many they are. */
  rejected: string[]
  rejectedCount: number
}

/**
 * Sends all values of a run's event files in their order, a record each, then the finish at its last event. The same files
 * give the same numbers, so that what the server has is passed over.
 */
export async function sendRun(
  client: ServerClient,
  target: StreamTarget,
  run: ScannedRun,
  onProgress: (done: number, total: number) => void,
): Promise<SentRun> {
  const stream = new RecordStream((batch) => client.ingest(batch), target)
  const sent: SentRun = {
    isKnown: false,
    points: 0,
    others: 0,
    takenBack: 0,
    leftOut: new Map(),
    rejected: [],
    rejectedCount: 0,
  }
  const leaveOut = (what: string): void => void sent.leftOut.set(what, (sent.leftOut.get(what) ?? 0) + 1)
  const total = run.files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  let position = -1
  for (const { path, size } of run.files) {
    for await (const record of readRecords(path, { size, isChecked: true })) {
      position++
      done += record.length + 16
      const event = eventOf(path, record)
      const { step } = event
      const time = toMs(event.wallTime)
      for (const value of event.values) {
        const { tag: metric } = value
        const plugin = run.plugins.get(metric)
        if (plugin === 'hparams') continue
        if (run.purges.isTakenBack(position, step, metric)) {
          sent.takenBack++
          continue
        }
        if (!metricNameSchema.safeParse(metric).success) {
          leaveOut('values of tags that are empty or too long')
          continue
        }
        const read = readSummaryValue(value, plugin, step)
        if (read.kind === 'left out') leaveOut(read.what)
        else if (read.kind === 'number') {
          sent.points++
          if (!stream.point('history', metric, step, time, read.value)) continue
          await stream.flush()
          onProgress(done, total)
        } else {
          sent.others++
          // A batch that names a file may go as soon as the file is added.
          if (!stream.hasNext(read.files.length + 1)) await upload(client, read.files)
          for (const { content: _content, ...file } of read.files) await stream.update({ type: 'file', ...file })
          await stream.text({ step, time, metric, value: read.value })
        }
      }
    }
    onProgress(done, total)
  }
  await stream.update({ type: 'finish', state: 'finished', exitCode: null, time: run.lastTime })
  await stream.finish()
  sent.isKnown = target.ackSeq >= stream.seq
  sent.rejected = stream.rejected.map(({ metric, reason }) => `${metric}: ${reason}`)
  sent.rejectedCount = stream.rejectedCount
  return sent
}

async function upload(client: ServerClient, files: readonly PictureFile[]): Promise<void> {
  if (files.length === 0) return
  const missing = new Set(await client.missingContents(files.map(({ sha256 }) => sha256)))
  for (const { sha256, content } of files) if (missing.delete(sha256)) await client.putContent(sha256, content)
}
