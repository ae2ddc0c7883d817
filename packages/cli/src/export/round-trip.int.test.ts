import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { appendFile, cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { exportedRunSchema, exportManifestSchema } from '@kiroku/core/export-format'
import type { BatchAck } from '@kiroku/core/history'
import type { ConsolePage } from '@kiroku/core/queries'
import {
  attachFile,
  batchOf,
  client,
  postBatch,
  readPoints,
  spawnServer,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Bench, lastLine, type Outcome } from '../../test/harness.ts'
import { makeRichProject, type Place } from '../../test/rich-project.ts'
import { importExport } from '../import/import-export.ts'
import { ServerClient } from '../server-client.ts'
import type { Terminal } from '../terminal.ts'

// Each command is a process of its own.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const bench = new Bench()
let server: TestServer
let source: Place
let runs: string[]
const exported = join(bench.base, 'exported')

const run = ({ url, apiKey }: Pick<Place, 'url' | 'apiKey'>, ...args: string[]): Promise<Outcome> =>
  bench.kiroku(args, { env: { KIROKU_URL: url, KIROKU_API_KEY: apiKey } })
const exportOf = (place: Place, to: string): Promise<Outcome> =>
  run(place, 'export', `${place.organization}/${place.project}`, '--to', to)

beforeAll(async () => {
  server = await testServer()
  source = { ...(await testOrganization(server)), project: 'rich' }
  runs = await makeRichProject(source)
  expect(await exportOf(source, exported)).toMatchObject({ code: 0 })
})
afterAll(() => server.close())

/** All files below a directory, by path, as the hash of their content. */
function contentsOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map(({ parentPath, name }): [string, string] => {
      const path = join(parentPath, name).slice(directory.length + 1)
      return [
        path,
        createHash('sha256')
          .update(readFileSync(join(directory, path)))
          .digest('hex'),
      ]
    }),
  )
}

function runsIn(directory: string): Record<string, unknown> {
  const manifest = exportManifestSchema.parse(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')))
  return Object.fromEntries(
    manifest.runs.map((entry) => [
      entry.run,
      exportedRunSchema.parse(JSON.parse(readFileSync(join(directory, entry.directory, 'run.json'), 'utf8'))),
    ]),
  )
}

function expectSame(actual: string, expected: string): void {
  // The records first: their difference can be read.
  expect(runsIn(actual)).toEqual(runsIn(expected))
  expect(contentsOf(join(actual, 'runs'))).toEqual(contentsOf(join(expected, 'runs')))
}

/** What readers see of a run; its row's own id apart. */
async function seen(place: Place, slug: string): Promise<unknown> {
  const api = client(place)
  const address = { organization: place.organization, project: place.project, run: slug }
  const { id: _id, organization: _organization, project: _project, ...found } = await api.runs.byId.query(address)
  const metrics = await api.metrics.byRun.query(address)
  const points = await Promise.all(
    metrics.metrics.map(async ({ name, stream }) => {
      const { steps, times, values } = await readPoints(place, { ...address, metric: name, stream })
      return { name, stream, steps: [...steps], times: [...times], bits: [...new BigUint64Array(values.buffer)] }
    }),
  )
  return {
    found,
    metrics,
    points,
    texts: await api.texts.byRun.query(address),
    console: linesOf(await api.console.byRun.query(address)),
    files: await api.files.list.query(address),
  }
}

/** The order of what two processes printed in the same millisecond is not kept. */
function linesOf(page: ConsolePage): ConsolePage {
  const keyOf = ({ time, label, line, text }: ConsolePage['lines'][number]): string =>
    JSON.stringify([String(time).padStart(16, '0'), label, line, text])
  return { ...page, lines: [...page.lines].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1)) }
}

/** A server that is lost when its `lostAt`th batch has come. */
class LostServer extends ServerClient {
  lostAt = 1
  #batches = 0

  override async ingest(batch: Uint8Array<ArrayBuffer>): Promise<BatchAck> {
    this.#batches++
    if (this.#batches > this.lostAt) throw new KirokuError({ code: 'UNAVAILABLE', message: 'lost' })
    const answer = await super.ingest(batch)
    if (this.#batches === this.lostAt) throw new KirokuError({ code: 'UNAVAILABLE', message: 'lost' })
    return answer
  }
}

const silent: Terminal = { print() {}, say() {}, progress() {}, isInteractive: false }

describe('an export', () => {
  it('has every run that is not deleted, and says what it is', () => {
    expect(Object.keys(runsIn(exported)).sort()).toEqual([...runs].sort())
    expect(JSON.parse(readFileSync(join(exported, 'manifest.json'), 'utf8'))).toMatchObject({
      format: 'kiroku-export',
      version: 2,
      isComplete: true,
      project: 'rich',
    })
    const lines = readFileSync(join(exported, 'runs/everything/console.jsonl'), 'utf8').split('\n').slice(0, -1)
    expect(lines.map((line) => JSON.parse(line).text)).toEqual(['100 %', expect.stringContaining('損失'), ''])
    expect(readFileSync(join(exported, 'runs/everything/files/dir.d/ünï 🙂/a b.txt'), 'utf8')).toBe('text')
  })

  it('of one run has that run alone', async () => {
    const one = join(bench.base, 'one')
    const outcome = await run(source, 'export', 'rich:resumed', '--to', one)
    expect(outcome).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('1 run, 4 points, 0 texts, 2 lines, 0 files'),
    })
    expect(Object.keys(runsIn(one))).toEqual(['resumed'])
    expect(contentsOf(join(one, 'runs/resumed'))).toEqual(contentsOf(join(exported, 'runs/resumed')))
  })

  it('is not written over anything, nor made of what is not there', async () => {
    const again = await exportOf(source, exported)
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('holds an export already') })
    const foreign = join(bench.base, 'foreign')
    await cp(join(exported, 'runs'), foreign, { recursive: true })
    expect((await exportOf(source, foreign)).stderr).toContain('is not empty')
    const nowhere = join(bench.base, 'nowhere')
    const absent = await run(source, 'export', `${source.organization}/rich/absent`, '--to', nowhere)
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('has no run') })
    expect((await run(source, 'export', 'a/b/c/d', '--to', nowhere)).stderr).toContain('names no project and no run')
    expect((await run(source, 'export', `${source.organization}/none`, '--to', nowhere)).code).toBe(1)
  })

  it('goes on in a directory that an interrupted export left', async () => {
    const left = join(bench.base, 'left')
    await cp(exported, left, { recursive: true })
    const manifest = join(left, 'manifest.json')
    await writeFile(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), isComplete: false }))
    await writeFile(join(left, 'runs/everything/points.parquet'), 'half')
    const refused = await run(source, 'import', 'export', left, '--project', 'left')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('interrupted') })
    expect(await exportOf(source, left)).toMatchObject({ code: 0 })
    expectSame(left, exported)
  })
})

describe('a file whose content the server has lost or damaged', () => {
  it('is left out of an export and told, and the run is not', async () => {
    const place = { ...source, project: 'lossy' }
    const begun = await testRun(place, { project: 'lossy' })
    await attachFile(place, begun, { path: 'kept.txt', content: 'kept' })
    await attachFile(place, begun, { path: 'lost.txt', content: 'lost', firstSeq: 2 })
    await attachFile(place, begun, { path: 'damaged.txt', content: 'damaged', firstSeq: 3 })
    const files = await readdir(join(server.dataDir, 'files'), { recursive: true })
    const placeOf = (content: string): string => {
      const sha256 = createHash('sha256').update(content).digest('hex')
      return join(server.dataDir, 'files', files.find((name) => name.endsWith(sha256)) ?? '')
    }
    await rm(placeOf('lost'))
    await writeFile(placeOf('damaged'), 'DAMAGED')
    const to = join(bench.base, 'lossy')
    const outcome = await exportOf(place, to)
    expect(outcome).toMatchObject({ code: 0 })
    expect(outcome.stderr).toContain(`${begun.run}: lost.txt is left out: the server's disk has lost its content`)
    expect(outcome.stderr).toContain(`${begun.run}: damaged.txt is left out: what the server's disk has is damaged`)
    expect(runsIn(to)).toMatchObject({ [begun.run]: { files: [{ path: 'kept.txt' }] } })
    expect(await run(place, 'import', 'export', to, '--project', 'found')).toMatchObject({ code: 0 })
  })
})

describe('an import', () => {
  it('into another project is the same again, to the last bit', async () => {
    const target = { ...source, project: 'kopie' }
    const outcome = await run(source, 'import', 'export', exported, '--project', `${source.organization}/kopie`)
    expect(outcome).toMatchObject({ code: 0 })
    expect(lastLine(outcome.stderr)).toBe('6 runs imported')
    for (const slug of runs) expect(await seen(target, slug)).toEqual(await seen(source, slug))
    const back = join(bench.base, 'back')
    expect(await exportOf(target, back)).toMatchObject({ code: 0 })
    expectSame(back, exported)

    const again = await run(source, 'import', 'export', exported, '--project', 'kopie')
    expect(again).toMatchObject({ code: 0 })
    expect(lastLine(again.stderr)).toBe('0 runs imported, 6 imported before')
    const later = join(bench.base, 'later')
    expect(await exportOf(target, later)).toMatchObject({ code: 0 })
    expectSame(later, exported)
  })

  it('into another server is the same again, in the project of the export', async () => {
    await using second = await spawnServer()
    const { url, apiKey } = second
    const target = { url, apiKey, organization: second.organization, project: 'rich' }
    expect(await run(target, 'import', 'export', exported)).toMatchObject({ code: 0 })
    for (const slug of runs) expect(await seen(target, slug)).toEqual(await seen(source, slug))
    const back = join(bench.base, 'from-second')
    expect(await exportOf(target, back)).toMatchObject({ code: 0 })
    expectSame(back, exported)
  })

  it('goes on where it stopped, wherever that was', async () => {
    const place = { ...source, project: 'long' }
    const begun = await testRun(place, { project: 'long' })
    const texts = [0, 1, 2, 3].map((step) => ({ step, time: step, metric: 'long', value: `${step}`.repeat(3_000_000) }))
    const lines = [0, 1].map((line) => ({ line, stream: 'stdout', time: line, text: `line ${line}` }) as const)
    const row = { step: 1, values: { loss: 1 } }
    const finish = { type: 'finish', state: 'finished', exitCode: 0, time: Date.now() } as const
    await postBatch(place, batchOf(begun, { rows: [row], texts, updates: [finish], console: lines }))
    const [to, back] = [join(bench.base, 'long'), join(bench.base, 'long-back')]
    expect(await exportOf(place, to)).toMatchObject({ code: 0 })
    for (let lostAt = 1; ; lostAt++) {
      const lost = new LostServer(place.url, place.apiKey)
      lost.lostAt = lostAt
      const options = { directory: to, project: 'kept', jobs: 1, isVerbose: false }
      const outcome = await importExport(silent, lost, options).catch((cause: unknown) => cause)
      if (outcome === 0) {
        expect(lostAt).toBeGreaterThan(2)
        break
      }
      expect(outcome).toMatchObject({ code: 'UNAVAILABLE' })
    }
    expect(await exportOf({ ...place, project: 'kept' }, back)).toMatchObject({ code: 0 })
    expectSame(back, to)
  })

  it('leaves a run of the same id with other content alone, and says so', async () => {
    const other = await testRun(source, { project: 'taken', run: 'resumed', config: { mine: true } })
    const outcome = await run(source, 'import', 'export', exported, '--project', 'taken')
    expect(outcome).toMatchObject({ code: 1 })
    expect(outcome.stderr).toContain('resumed: the project taken has, or had, another run resumed')
    expect(lastLine(outcome.stderr)).toBe('5 runs imported, 1 failed')
    const { organization, project } = other
    const kept = await client(source).runs.byId.query({ organization, project, run: 'resumed' })
    expect(kept).toMatchObject({ config: { mine: true }, state: 'running', lastStep: null })
  })

  it('refuses an export that has changed, or none, or the organization of others', async () => {
    const changed = join(bench.base, 'changed')
    await cp(exported, changed, { recursive: true })
    await appendFile(join(changed, 'runs/everything/console.jsonl'), '\n')
    await rm(join(changed, 'runs/resumed/points.parquet'))
    const outcome = await run(source, 'import', 'export', changed, '--project', 'changed')
    expect(outcome.stderr).toContain('console.jsonl is missing, or not as it was exported')
    expect(outcome.stderr).toContain('points.parquet is missing, or not as it was exported')
    expect(lastLine(outcome.stderr)).toBe('4 runs imported, 2 failed')
    const none = await run(source, 'import', 'export', bench.base)
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('is no export') })
    const foreign = await run(source, 'import', 'export', exported, '--project', 'others/rich')
    expect(foreign).toMatchObject({ code: 1, stderr: expect.stringContaining('not to others') })
  })

  it('ends a run that was still running when it was heard of last', async () => {
    const place = { ...source, project: 'running' }
    const begun = await testRun(place, { project: 'running' })
    const to = join(bench.base, 'running')
    expect((await exportOf(place, to)).stderr).toContain('1 run did not end yet')
    expect(await run(place, 'import', 'export', to, '--project', 'ended')).toMatchObject({ code: 0 })
    const { organization } = place
    const was = await client(place).runs.byId.query({ organization, project: 'running', run: begun.run })
    const is = await client(place).runs.byId.query({ organization, project: 'ended', run: begun.run })
    expect(is).toMatchObject({ state: 'crashed', finishedAt: was.heartbeatAt, heartbeatAt: was.heartbeatAt })
  })
})
