import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import { type ExportedRun, exportedLineSchema, exportNames, recordVersion } from '@kiroku/core/export-format'
import type { RunFile } from '@kiroku/core/files'
import type { RunAddress } from '@kiroku/core/queries'
import type { RunMetric } from '@kiroku/core/runs'
import { hashOf } from '../file-hash.ts'
import { PointsFileWriter } from '../points-file.ts'
import { fetchFile } from '../pull.ts'
import { replaceFile } from '../replace-file.ts'
import type { ServerClient } from '../server-client.ts'
import { readRows } from '../text-rows.ts'
import { placesOfFiles } from './file-places.ts'
import { inOrder } from './in-order.ts'
import { RowsFile } from './rows-file.ts'

const pointsPerPage = 250_000
const textsPerPage = 500

/** Told how far a run is: what is done of what there is to do, in no unit of its own. */
export type OnProgress = (done: number, total: number) => void

/** A run that is written: what is in its `run.json`, the SHA-256 of that, and which files are left out, and why. */
export type WrittenRun = { exported: ExportedRun; sha256: string; lost: string[] }

/**
 * Writes one run into a directory of its own, anew, in pieces of bounded size; its `run.json` comes last. What a run logs
 * meanwhile may or may not be in it. Throws NOT_FOUND when the run is gone.
 */
export async function exportRun(
  client: ServerClient,
  address: RunAddress,
  directory: string,
  onProgress: OnProgress,
): Promise<WrittenRun> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const run = await client.record(address)
  const metrics = [...(await client.metrics(address)).metrics].sort(byStreamAndName)
  const listed = await client.files(address)
  const places = placesOfFiles(listed)
  const total = weightOf(metrics, listed)
  let done = 0
  const advance = (by: number): void => {
    done += by
    onProgress(done, total)
  }
  const points = await writePoints(client, address, { metrics, path: join(directory, exportNames.points), advance })
  const texts = await writeTexts(client, address, join(directory, exportNames.texts))
  const lines = await writeLines(client, address, join(directory, exportNames.console), run.writers.length)
  const files: ExportedRun['files'] = []
  const lost: string[] = []
  for (const file of listed) {
    const place = places.get(file.path) ?? file.path
    const trouble = await fetchUnlessLost(client, address, { file, directory, place })
    if (trouble === null) files.push({ ...file, place })
    else lost.push(`${file.path} is left out: ${trouble}`)
    advance(file.size / bytesPerPoint)
  }
  const exported: ExportedRun = {
    version: recordVersion,
    run,
    metrics,
    parts: { points, texts, console: lines },
    files: files.sort((left, right) => inOrder(left.path, right.path)),
  }
  const json = `${JSON.stringify(exported, null, 2)}\n`
  await replaceFile(join(directory, exportNames.run), json)
  return { exported, sha256: createHash('sha256').update(json).digest('hex'), lost }
}

/** Answers what is wrong with the content of a run's file; null where it is there. Throws NOT_FOUND when the run itself is gone. */
async function fetchUnlessLost(
  client: ServerClient,
  address: RunAddress,
  to: Parameters<typeof fetchFile>[2],
): Promise<string | null> {
  try {
    await fetchFile(client, address, to)
    return null
  } catch (cause) {
    if (!(cause instanceof KirokuError)) throw cause
    if ('isChanged' in cause.details) return "what the server's disk has is damaged"
    if (cause.code !== 'NOT_FOUND') throw cause
    await client.run(address)
    return "the server's disk has lost its content"
  }
}

/** A point takes about as long as so many bytes of a file. */
const bytesPerPoint = 32

const weightOf = (metrics: readonly RunMetric[], files: readonly RunFile[]): number =>
  metrics.reduce((sum, { count }) => sum + count, 0) + files.reduce((sum, { size }) => sum + size / bytesPerPoint, 0)

const byStreamAndName = (left: RunMetric, right: RunMetric): number =>
  inOrder(left.stream, right.stream) || inOrder(left.name, right.name)

type Part = { count: number; sha256: string }

async function writePoints(
  client: ServerClient,
  address: RunAddress,
  { metrics, path, advance }: { metrics: readonly RunMetric[]; path: string; advance: (by: number) => void },
): Promise<Part> {
  const file = new PointsFileWriter(path)
  for (const { name: metric, stream } of metrics) {
    const ask = (after: number | undefined) =>
      client.points({ ...address, metric, stream, limit: pointsPerPage, ...(after !== undefined && { after }) })
    for (let asked = ask(undefined); ; ) {
      const page = await asked
      const isLast = page.steps.length < pointsPerPage
      // The next page is on its way while this one is written.
      if (!isLast) asked = settled(ask(page.steps.at(-1)))
      await file.add({ stream, metric, ...page })
      advance(page.steps.length)
      if (isLast) break
    }
  }
  await file.finish()
  return { count: file.count, sha256: (await hashOf(path)) ?? '' }
}

/** A promise that is waited for later: that it fails before is no news to the process. */
function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

async function writeTexts(client: ServerClient, address: RunAddress, path: string): Promise<Part> {
  await using file = new RowsFile(path)
  const metrics = (await client.textMetrics(address)).map(({ metric }) => metric).sort(inOrder)
  for (const metric of metrics) {
    for (let from: number | undefined; ; ) {
      const page = await client.texts({ ...address, metric, limit: textsPerPage, order: 'first', from })
      await file.add(page.map((text) => `${JSON.stringify(text)}\n`).join(''), page.length)
      const last = page.at(-1)
      if (last === undefined || last.step === Number.MAX_SAFE_INTEGER) break
      from = last.step + 1
    }
  }
  return await file.finish()
}

async function writeLines(
  client: ServerClient,
  address: RunAddress,
  path: string,
  writers: number,
): Promise<Part & { writers: number[] }> {
  await using file = new RowsFile(path)
  const counts = new Array<number>(writers).fill(0)
  for await (const rows of readRows(await client.jsonLines(address))) {
    const lines = rows.map((row) => parseInput(exportedLineSchema, JSON.parse(row), 'console line'))
    // A script that began meanwhile is not in the record.
    const known = lines.filter(({ writer }) => writer < writers)
    for (const { writer } of known) counts[writer] = (counts[writer] ?? 0) + 1
    await file.add(known.map((line) => `${JSON.stringify(line)}\n`).join(''), known.length)
  }
  return { ...(await file.finish()), writers: counts }
}
