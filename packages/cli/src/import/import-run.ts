import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { type ExportedRun, exportedLineSchema, exportedTextSchema, exportNames } from '@kiroku/core/export-format'
import type { RunRecord } from '@kiroku/core/run-record'
import { type CreateRunInput, type CreateRunResult, isLiveState } from '@kiroku/core/runs'
import { readPointsFile } from '../points-file.ts'
import type { ServerClient } from '../server-client.ts'
import { fileIn, readExportedRows } from './export-files.ts'
import { RecordStream } from './record-stream.ts'

/** An export's run: where it lies, what it is, and the SHA-256 that names its content. */
export type RunSource = { directory: string; exported: ExportedRun; sha256: string }

/** What came of a run: its page, whether everything was there before, and what could not be stored: of many the first, and how many. */
export type ImportedRun = { path: string; isKnown: boolean; rejected: string[]; rejectedCount: number }

const hashesPerOffer = 500

/**
 * Brings a run in the way a script would: its writers, each with its own lines; points, texts and files with the first of
 * them; and at last what the run was, which the server takes for all that it cannot know. Everything is named and numbered
 * by the content, so that again it goes on where it stopped, or changes nothing. Throws CONFLICT when the project has
 * another run of that id.
 */
export async function importRun(
  client: ServerClient,
  project: string,
  source: RunSource,
  onProgress: (done: number, total: number) => void,
): Promise<ImportedRun> {
  const { run, parts, files } = source.exported
  const writers = run.writers.map((_, index) => writerId(source.sha256, index))
  const first = await createFirst(client, project, source, writers[0] ?? '')
  const total = parts.points.count + parts.texts.count + (parts.console.writers[0] ?? 0) + files.length + 1
  if (first.ackSeq >= total) return { path: first.path, isKnown: true, rejected: [], rejectedCount: 0 }

  const streams: RecordStream[] = []
  for (const [index, writer] of writers.entries()) {
    const { ackSeq } = index === 0 ? first : await client.createRun(startOf({ run, project, writer, index }))
    streams.push(new RecordStream((batch) => client.ingest(batch), { project, run: run.slug, writer, ackSeq }))
  }
  const [stream] = streams
  if (!stream) throw new KirokuError({ code: 'BAD_REQUEST', message: `${run.slug} has no writer` })
  const told = (): void => onProgress(stream.seq, total)
  await uploadFiles(client, source)
  await addPoints(stream, join(source.directory, exportNames.points), told)
  await addTexts(stream, join(source.directory, exportNames.texts), told)
  await addLines(streams, join(source.directory, exportNames.console), told)
  for (const { place: _place, ...file } of files) await stream.update({ type: 'file', ...file })
  await stream.finish()
  await stream.update({ type: 'imported', run: ended(run), writers })
  await stream.finish()
  const rejected = streams.flatMap((each) => each.rejected.map(({ metric, reason }) => `${metric}: ${reason}`))
  const rejectedCount = streams.reduce((sum, each) => sum + each.rejectedCount, 0)
  return { path: first.path, isKnown: false, rejected, rejectedCount }
}

/** Rises with the place, so that the order of writers that began at the same moment stays. */
function writerId(sha256: string, index: number): string {
  const digest = createHash('sha256').update(`kiroku import 1 ${sha256}`).digest('hex')
  return digest.slice(0, 11) + index.toString(36).padStart(5, '0')
}

/** Nobody goes on writing to a run that was still running when it was exported: it ended when it was heard of last. */
function ended(run: RunRecord): RunRecord {
  if (!isLiveState(run.state)) return run
  return { ...run, state: run.state === 'preempting' ? 'preempted' : 'crashed', finishedAt: run.heartbeatAt }
}

async function createFirst(
  client: ServerClient,
  project: string,
  { exported: { run } }: RunSource,
  writer: string,
): Promise<CreateRunResult> {
  const { displayName, slug } = run
  try {
    return await client.createRun({ ...startOf({ run, project, writer, index: 0 }), displayName, resume: 'never' })
  } catch (cause) {
    if (!(cause instanceof KirokuError) || cause.code !== 'CONFLICT') throw cause
    throw new KirokuError({
      code: 'CONFLICT',
      message: `the project ${project} has, or had, another run ${slug}, which is left as it is; import into another project with --project`,
      cause,
    })
  }
}

type Start = { run: RunRecord; project: string; writer: string; index: number }

/** What is true of a writer already while its lines come; the rest comes with the record at last. */
function startOf({ run, project, writer, index }: Start): CreateRunInput {
  const { label, startedAt } = run.writers[index] ?? { label: null, startedAt: run.startedAt }
  const start = { project, run: run.slug, writer, startedAt: Math.max(0, startedAt) }
  return label === null ? start : { ...start, label }
}

async function uploadFiles(client: ServerClient, { directory, exported: { files } }: RunSource): Promise<void> {
  const paths = new Map(files.map(({ sha256, place }) => [sha256, fileIn(directory, place)]))
  const hashes = [...paths.keys()]
  for (let from = 0; from < hashes.length; from += hashesPerOffer) {
    const missing = await client.missingContents(hashes.slice(from, from + hashesPerOffer))
    for (const sha256 of missing) await client.putFile(sha256, paths.get(sha256) ?? '')
  }
}

async function addPoints(stream: RecordStream, path: string, told: () => void): Promise<void> {
  for await (const part of readPointsFile(path)) {
    const { steps, times, values } = part
    for (let row = 0; row < steps.length; row++) {
      const [step = 0, time = 0, value = 0] = [steps[row], times[row], values[row]]
      if (!stream.point(part.stream, part.metric, step, time, value)) continue
      await stream.flush()
      told()
    }
  }
}

async function addTexts(stream: RecordStream, path: string, told: () => void): Promise<void> {
  for await (const texts of readExportedRows(path, exportedTextSchema)) {
    for (const text of texts) await stream.text(text)
    told()
  }
}

/** Lines come writer by writer; those of all but the first are sent at once. */
async function addLines(streams: readonly RecordStream[], path: string, told: () => void): Promise<void> {
  for await (const lines of readExportedRows(path, exportedLineSchema)) {
    for (const { writer, label: _label, ...line } of lines) await streams[writer]?.line(line)
    told()
  }
  for (const stream of streams.slice(1)) await stream.finish()
}
