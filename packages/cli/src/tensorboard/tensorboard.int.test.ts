import { readdirSync, readFileSync } from 'node:fs'
import { appendFile, cp, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mediaValueSchema } from '@kiroku/core/media'
import type { Run } from '@kiroku/core/runs'
import { client, fetchFile, readPoints, type TestServer, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { Bench, type Outcome } from '../../test/harness.ts'
import { pythonWith, runPython } from '../../test/python.ts'

const fixture = fileURLToPath(new URL('../../test/fixtures/tensorboard', import.meta.url))
const told = fileURLToPath(new URL('../../test/fixtures/tensorboard.told.json', import.meta.url))
const python = pythonWith('tensorboard==2.21.0', 'tensorboardX==2.6.5')

/** By run and tag what TensorBoard's own EventAccumulator reads: step, wall time, and Python's repr of the value. */
const toldSchema = z.record(
  z.string(),
  z.record(z.string(), z.array(z.tuple([z.number(), z.number(), z.string().transform(fromRepr)]))),
)

function fromRepr(text: string): number {
  if (text === 'nan') return Number.NaN
  return Number(text.replace('inf', 'Infinity'))
}

// Each command is a process of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const bench = new Bench()
let server: TestServer
let caller: Awaited<ReturnType<typeof testOrganization>>
beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const bring = (project: string, ...paths: string[]): Promise<Outcome> =>
  bench.kiroku(['import', 'tensorboard', ...paths, '--project', project], {
    env: { KIROKU_URL: caller.url, KIROKU_API_KEY: caller.apiKey },
  })
const runsOf = async (project: string): Promise<Run[]> =>
  (await client(caller).runs.list.query({ organization: caller.organization, project })).runs
const addressOf = ({ organization, project, slug }: Run) => ({ organization, project, run: slug })
const named = (runs: readonly Run[], name: string): Run => {
  const found = runs.find(({ displayName }) => displayName === name)
  if (!found) throw new Error(`no run ${name}`)
  return found
}

/** Every number of every run is there, once a step, as the accumulator has it; of several at a step the last. */
async function expectTold(project: string, expected: z.infer<typeof toldSchema>): Promise<void> {
  const runs = await runsOf(project)
  expect(runs.map(({ displayName }) => displayName).sort()).toEqual(Object.keys(expected).sort())
  for (const [name, tags] of Object.entries(expected)) {
    const run = named(runs, name)
    const { metrics } = await client(caller).metrics.byRun.query(addressOf(run))
    expect(metrics.map((metric) => metric.name).sort()).toEqual(Object.keys(tags).sort())
    for (const [metric, events] of Object.entries(tags)) {
      const last = new Map(events.map(([step, wallTime, value]) => [step, [step, wallTime * 1000, value]]))
      const { steps, times, values } = await readPoints(caller, { ...addressOf(run), metric })
      const found = [...steps].map((step, index) => [step, times[index], values[index]])
      expect(found).toEqual([...last.values()].sort(([left = 0], [right = 0]) => left - right))
    }
  }
}

describe('event files that real writers wrote', () => {
  it('become what TensorBoard reads of them, restarts included', async () => {
    const outcome = await bring('fixture', fixture)
    expect(outcome).toMatchObject({ code: 0 })
    expect(outcome.stderr).toMatch(/restarted: 35 numbers; 126 that a restart took back are left out -> http/)
    expect(outcome.stderr).toMatch(/tensors: 39 numbers; 4 other values; not imported: 1 audio -> http/)
    await expectTold('fixture', toldSchema.parse(JSON.parse(readFileSync(told, 'utf8'))))
    const again = await bring('fixture', fixture)
    expect(again).toMatchObject({ code: 0 })
    expect(again.stderr.match(/was imported before, nothing changed/g)).toHaveLength(2)
    expect(await runsOf('fixture')).toHaveLength(2)
  })

  it('bring config, texts, histograms and pictures, and end when their last event was written', async () => {
    await bring('media', join(fixture, 'tensors'))
    const run = named(await runsOf('media'), 'tensors')
    expect(run).toMatchObject({
      state: 'finished',
      startedAt: 1.7e12,
      finishedAt: 1.7e12 + 19_000,
      config: { lr: 0.01, layers: 3, name: 'größe', bias: true },
      lastStep: 19,
    })
    const texts = await client(caller).texts.byRun.query(addressOf(run))
    expect(texts).toMatchObject([
      {
        metric: 'pictures',
        step: 5,
        time: 1.7e12 + 5000,
        value: { _type: 'images', images: [{ width: 2, height: 3 }, {}] },
      },
      { metric: 'spread', step: 2, value: { _type: 'histogram', values: [1, 2, 1], bins: [1, 2, 3, 4] } },
      { metric: 'word', step: 4, value: 'one' },
      { metric: 'words', step: 3, value: ['a', 'b'] },
    ])
    const images = z
      .object({ images: z.array(z.object({ path: z.string() })) })
      .parse(mediaValueSchema.parse(texts[0]?.value))
    const file = await fetchFile(caller, { ...addressOf(run), path: images.images[0]?.path ?? '' })
    expect([...new Uint8Array(await file.arrayBuffer()).subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47])
  })

  it('that a killed writer left are read up to their last record', async () => {
    const directory = join(bench.base, 'cut')
    await cp(join(fixture, 'restarted'), directory, { recursive: true })
    const last = join(directory, readdirSync(directory).sort().at(-1) ?? '')
    await truncate(last, readFileSync(last).length - 3)
    const outcome = await bring('cut', directory)
    expect(outcome).toMatchObject({ code: 0 })
    expect(outcome.stderr).toMatch(/cut: 34 numbers/)
    expect(outcome.stderr).toMatch(/ends in the middle of its last record, of which \d+ bytes are left out/)
  })

  it('that are damaged are read up to there, and the status says so', async () => {
    const directory = join(bench.base, 'damaged')
    await cp(join(fixture, 'restarted'), directory, { recursive: true })
    const [first = ''] = readdirSync(directory).sort()
    const bytes = readFileSync(join(directory, first))
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
    await writeFile(join(directory, first), bytes)
    const outcome = await bring('damaged', directory)
    expect(outcome).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is damaged at byte \d+: the \d+ bytes from/),
    })
    expect(await runsOf('damaged')).toMatchObject([{ state: 'finished' }])
  })

  it('are not looked for where there are none', async () => {
    await appendFile(join(bench.base, 'notes.txt'), 'x')
    expect((await bring('none', join(bench.base, 'config'))).stderr).toContain('is not there; name a log directory')
    const empty = join(bench.base, 'empty')
    await cp(join(bench.base, 'notes.txt'), join(empty, 'notes.txt'))
    expect(await bring('none', empty)).toMatchObject({ code: 1, stderr: expect.stringContaining('has no event files') })
  })
})

// Python or PyPI may be missing; `pythonWith` has said so then.
describe.skipIf(python === null)('event files that TensorBoard and tensorboardX write now', () => {
  it('become what EventAccumulator reads of them', async () => {
    const directory = join(bench.base, 'events')
    const expected = toldSchema.parse(JSON.parse(runPython(python ?? '', 'write-events.py', [directory])))
    const outcome = await bring('live', directory)
    expect(outcome).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('plain/train: 1004 numbers; 3 other values ->'),
    })
    await expectTold('live', expected)
    const plain = named(await runsOf('live'), 'plain/train')
    expect(await client(caller).texts.byRun.query(addressOf(plain))).toMatchObject([
      { metric: 'note/text_summary', step: 3, value: ['**bold** 記録'] },
      { metric: 'picture/a b', step: 5, value: { _type: 'image-file', format: 'png', width: 2, height: 3 } },
      { metric: 'weights', step: 4, value: { _type: 'histogram' } },
    ])
  })
})
