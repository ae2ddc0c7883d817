import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BackupEvent } from '@kiroku/core/backup'
import { batchAckSchema, encodeHistoryBatch, type HistoryBatch } from '@kiroku/core/history'
import { newWriterId } from '@kiroku/core/ids'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { makeBackup } from '../../testing/backups.ts'
import {
  attachFile,
  batchOf,
  type Caller,
  client,
  fetchFile,
  fetchSeries,
  logArtifact,
  postBatch,
  postBytes,
  readPoints,
  spawnServer,
  type TestRun,
  testRun,
  until,
  uploadBlob,
  useArtifact,
} from '../../testing/index.ts'
import { verifyBackup } from './read-backup.ts'
import { restoreBackup } from './restore-backup.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-backup-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const rowsOfBatch = 20
const gapSchema = z.object({ details: z.object({ ackSeq: z.number() }) })

/** Row `index` of a stream, which is also its step. */
const rowOf = (index: number) => ({ step: index, values: { loss: Math.sqrt(index), odd: index % 2 } })

/** Batch number `index` of a writer: rows, a text and a line. Its records are those after the ones of the batches before. */
function batchAt(run: TestRun, index: number): HistoryBatch {
  const first = index * rowsOfBatch
  return batchOf(run, {
    firstSeq: index * (rowsOfBatch + 2) + 1,
    rows: Array.from({ length: rowsOfBatch }, (_, row) => rowOf(first + row)),
    texts: [{ metric: 'note', step: first, time: first, value: `batch ${index}` }],
    console: [{ line: index, stream: 'stdout', time: index, text: `line ${index}` }],
  })
}

/** A script: sends one batch after the other, and remembers how far it is acknowledged. */
function startWriter(server: Caller, run: TestRun, from = 0) {
  let sent = from
  let isStopping = false
  const done = (async () => {
    while (!isStopping) {
      await postBatch(server, batchAt(run, sent))
      sent++
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  return {
    run,
    /** Batches that are acknowledged. */
    acknowledged: () => sent,
    async stop() {
      isStopping = true
      await done
    },
  }
}

/** Goes on as the SDK does: where the server says that something is missing, from there. Answers the server's `ackSeq`. */
async function goOn(server: Caller, run: TestRun, sent: number, until: number): Promise<number> {
  let told = sent
  for (let index = sent; index < until; ) {
    const response = await postBytes(server, encodeHistoryBatch(batchAt(run, index)))
    const body: unknown = await response.json()
    if (response.status === 409) {
      told = gapSchema.parse(body).details.ackSeq / (rowsOfBatch + 2)
      index = told
    } else {
      batchAckSchema.parse(body)
      index++
    }
  }
  return told
}

const addressOf = ({ organization, project, run }: TestRun) => ({ organization, project, run })

async function expectOnce(server: Caller, run: TestRun, batches: number): Promise<void> {
  const address = addressOf(run)
  const rows = batches * rowsOfBatch
  const expected = Array.from({ length: rows }, (_, index) => rowOf(index))
  const points = await readPoints(server, { ...address, metric: 'loss' })
  expect([...points.steps]).toEqual(expected.map(({ step }) => step))
  expect([...points.values]).toEqual(expected.map(({ values }) => values.loss))
  const { metrics } = await client(server).metrics.byRun.query(address)
  expect(metrics).toMatchObject([
    { name: 'loss', count: rows, lastStep: rows - 1 },
    { name: 'odd', count: rows, lastStep: rows - 1 },
  ])
  const texts = await client(server).texts.byRun.query(address)
  expect(texts.map(({ value }) => value)).toEqual(Array.from({ length: batches }, (_, index) => `batch ${index}`))
  const { total } = await client(server).console.byRun.query(address)
  expect(total).toBe(batches)
  expect((await client(server).runs.byId.query(address)).summary).toMatchObject({ loss: Math.sqrt(rows - 1) })
}

/** Rewinds a run and logs on, again and again: each time to a later step, and with the number of the time as values. */
function startRewinder(server: Caller, first: TestRun) {
  let isStopping = false
  const done = (async () => {
    await postBatch(server, batchOf(first, { rows: upTo(40).map((step) => ({ step, values: { time: 0 } })) }))
    for (let time = 1; !isStopping; time++) {
      const writer = newWriterId()
      const input = { project: first.project, run: first.run, writer, startedAt: Date.now(), rewind: { step: time } }
      const run = { ...(await client(server).runs.create.mutate(input)), writer }
      const rows = upTo(40).map((step) => ({ step: step + time + 1, values: { time } }))
      await postBatch(server, batchOf(run, { rows }))
    }
  })()
  return async () => {
    isStopping = true
    await done
  }
}

/** What version `index` of the artifact is made of: a content of its own, and one that all share. */
const artifactFiles = (index: number) => ({
  'own/weights': `${index} `.repeat(20_000),
  shared: 'shared '.repeat(50_000),
  empty: '',
})

/** Logs versions of an artifact one after the other, each used by the run that made the one before; tells how many are committed. */
function startUploader(server: Caller, run: TestRun) {
  const { organization, project } = run
  let committed = 0
  let isStopping = false
  const at = { organization, project, run: run.run, name: 'weights' }
  const log = (index: number) =>
    logArtifact(server, { ...at, files: artifactFiles(index), metadata: { index }, aliases: [`at-${index}`] })
  const done = (async () => {
    while (!isStopping) {
      const { id } = await log(committed)
      await useArtifact(server, { ...at, id })
      committed++
    }
  })()
  return {
    committed: () => committed,
    async stop() {
      isStopping = true
      await done
    },
  }
}

/**
 * Every version that is there is whole, numbered in its order, under the names it was given, and all but `unused` are used. Answers
 * how many there are.
 */
async function expectWholeVersions(
  server: Caller,
  { organization, project, run }: TestRun,
  unused: number,
): Promise<number> {
  const at = { organization, project, name: 'weights' }
  const { versions } = await client(server).artifacts.versions.query({ ...at, limit: 1000 })
  expect(versions.map(({ version }) => version)).toEqual(upTo(versions.length).reverse())
  for (const { version, aliases } of versions) {
    const { metadata } = await client(server).artifacts.byVersion.query({ ...at, version: `v${version}` })
    expect([metadata, aliases.filter((alias) => alias !== 'latest')]).toEqual([{ index: version }, [`at-${version}`]])
    const { files } = await client(server).artifacts.files.query({ ...at, version: `v${version}` })
    const expected = Object.entries(artifactFiles(version))
    expect(files.map(({ path }) => path).sort()).toEqual(expected.map(([path]) => path).sort())
    for (const [path, text] of expected) {
      const query = new URLSearchParams({ ...at, version: `v${version}`, path })
      const answer = await fetch(`${server.url}${routes.artifactFiles}?${query}`, {
        headers: { authorization: `Bearer ${server.apiKey}` },
      })
      expect([answer.status, await answer.text()]).toEqual([200, text])
    }
  }
  const lineage = await client(server).artifacts.byRun.query({ ...at, run })
  expect(lineage.outputCount).toBe(versions.length)
  expect(lineage.inputCount).toBeGreaterThanOrEqual(versions.length - unused)
  return versions.length
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

async function finished(events: AsyncIterable<BackupEvent>) {
  const all: BackupEvent[] = []
  for await (const event of events) all.push(event)
  const last = all.at(-1)
  if (last?.type !== 'done') throw new Error(`the backup did not finish: ${JSON.stringify(last)}`)
  return { ...last.summary, events: all }
}

describe('a backup', () => {
  it('of a server under load holds everything acknowledged before it, once; and runs go on from it', async () => {
    await using server = await spawnServer()
    const writers = await Promise.all(upTo(3).map(async () => startWriter(server, await testRun(server))))
    const rewound = await testRun(server)
    const stopRewinding = startRewinder(server, rewound)
    const withFile = await testRun(server)
    await attachFile(server, withFile, { path: 'model/weights', content: 'w'.repeat(100_000) })
    // So large that to copy it takes longer than a batch.
    await uploadBlob(server, new Uint8Array(64 * 1024 * 1024).fill(5))
    const shared = await Promise.all(
      ['a', 'b'].map((label) => testRun(server, { run: withFile.run.replace(/./g, '5'), shared: true, label })),
    )
    await Promise.all(shared.map((run) => postBatch(server, batchAt(run, 0))))
    const batches = (): number[] => writers.map((writer) => writer.acknowledged())
    const maker = await testRun(server)
    const uploader = startUploader(server, maker)
    await until(async () => expect(Math.min(...batches(), uploader.committed())).toBeGreaterThan(1))

    const before = batches()
    const versionsBefore = uploader.committed()
    const to = join(directory, 'under-load')
    const summary = await finished(makeBackup(server, to))
    const during = [
      ...batches().map((count, index) => count - (before[index] ?? 0)),
      uploader.committed() - versionsBefore,
    ]
    await Promise.all([...writers.map((writer) => writer.stop()), stopRewinding(), uploader.stop()])
    expect(Math.min(...during)).toBeGreaterThan(0)
    expect(summary.missingContents).toBe(0)
    expect(summary.events.filter(({ type }) => type === 'progress').length).toBeGreaterThan(0)
    expect((await verifyBackup(to)).contents.files).toBe(summary.files)
    expect((await stat(to)).mode & 0o777).toBe(0o700)
    await server.kill()

    const dataDir = join(directory, 'restored')
    await restoreBackup({ from: to, dataDir })
    await using restored = await spawnServer({ dataDir })
    // Every key that was valid then is, and the directory has an owner's key of its own.
    const caller = { url: restored.url, apiKey: server.apiKey }
    expect(restored.apiKey).not.toBe(server.apiKey)
    for (const [index, writer] of writers.entries()) {
      const end = writer.acknowledged() + 3
      const told = await goOn(caller, writer.run, writer.acknowledged(), end)
      expect(told).toBeGreaterThanOrEqual(before[index] ?? 0)
      await expectOnce(caller, writer.run, end)
      const series = [{ run: writer.run.run, metric: 'loss' }]
      const { series: charts } = await fetchSeries(caller, { ...addressOf(writer.run), series, width: 5000 })
      expect(charts[0]).toMatchObject({ count: end * rowsOfBatch })
    }
    const file = await fetchFile(caller, { ...addressOf(withFile), path: 'model/weights' })
    expect(await file.text()).toBe('w'.repeat(100_000))
    const versions = await expectWholeVersions(caller, maker, 1)
    expect(versions).toBeGreaterThanOrEqual(versionsBefore)
    // The script goes on, and sends again what was not in the backup.
    const again = { organization: maker.organization, project: maker.project, run: maker.run, name: 'weights' }
    for (const index of [versions - 1, versions, versions + 1])
      await logArtifact(caller, {
        ...again,
        ...{ files: artifactFiles(index), metadata: { index }, aliases: [`at-${index}`] },
      })
    expect(await expectWholeVersions(caller, maker, 3)).toBe(versions + 2)

    // A rewind is in both databases or in neither: of what is acknowledged, points, totals and last step agree. A batch that
    // was stored and not acknowledged yet may be there beyond it, as after a crash.
    const rejoined = { project: rewound.project, run: rewound.run, writer: newWriterId(), startedAt: Date.now() }
    const resumed = await client(caller).runs.create.mutate({ ...rejoined, resume: 'must' })
    const left = await readPoints(caller, { ...addressOf(rewound), metric: 'time' })
    expect([...left.steps]).toEqual(upTo(left.steps.length))
    expect([...left.values]).toEqual([...left.values].sort((one, other) => one - other))
    const { metrics } = await client(caller).metrics.byRun.query(addressOf(rewound))
    const acknowledged = left.steps.filter((step) => step < resumed.startingStep).length
    expect(metrics).toMatchObject([{ name: 'time', count: acknowledged, lastStep: acknowledged - 1 }])
    expect(resumed.startingStep).toBe(acknowledged)

    // A shared run gives the next steps, none twice.
    for (const run of shared) await postBatch(caller, batchAt(run, 1))
    const together = addressOf(shared[0] ?? rewound)
    const { steps } = await readPoints(caller, { ...together, metric: 'loss' })
    const texts = await client(caller).texts.byRun.query(together)
    const taken = [...steps, ...texts.map(({ step }) => step)].sort((one, other) => one - other)
    expect(taken).toEqual(upTo(4 * (rowsOfBatch + 1)))
  }, 240_000)

  it('that the server was killed in is refused, and both it and the server begin anew', async () => {
    await using server = await spawnServer()
    const run = await testRun(server)
    await postBatch(server, batchAt(run, 0))
    await uploadBlob(server, new Uint8Array(96 * 1024 * 1024).fill(7))
    const to = join(directory, 'killed')
    const cutShort = (async () => {
      for await (const _event of makeBackup(server, to)) await server.kill()
    })()
    await cutShort.catch(() => {})
    expect(existsSync(to)).toBe(false)
    const left = `${to}.incomplete`
    await expect(restoreBackup({ from: left, dataDir: join(directory, 'never') })).rejects.toThrow(
      `${left} is not a whole backup: making it was cut short`,
    )
    await expect(verifyBackup(left)).rejects.toThrow('not a whole backup')
    expect(existsSync(join(directory, 'never'))).toBe(false)

    await server.restart()
    const shadow = await readdir(join(server.dataDir, 'clickhouse', 'shadow'))
    expect(shadow.filter((name) => name.startsWith('kiroku'))).toEqual([])
    await postBatch(server, batchAt(run, 1))
    await expectOnce(server, run, 2)
    await finished(makeBackup(server, to))
    expect(existsSync(left)).toBe(false)
    await verifyBackup(to)
  }, 240_000)
})
