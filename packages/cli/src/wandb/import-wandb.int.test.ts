import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KirokuError } from '@kiroku/core/errors'
import type { Run } from '@kiroku/core/runs'
import {
  batchOf,
  client,
  fetchFile,
  postBatch,
  readPoints,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Bench, type Outcome } from '../../test/harness.ts'
import { pythonWith, runPython } from '../../test/python.ts'
import { LogScript } from '../../test/wandb-log.ts'
import { ServerClient } from '../server-client.ts'
import type { Terminal } from '../terminal.ts'
import { importWandb } from './import-wandb.ts'

const python = pythonWith('wandb==0.31.0', 'numpy==2.4.6', 'pillow==13.0.0')

// Each command is a process of its own.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

const bench = new Bench()
let server: TestServer
let caller: Awaited<ReturnType<typeof testOrganization>>
beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const bring = (...args: string[]): Promise<Outcome> =>
  bench.kiroku(['import', 'wandb', ...args], { env: { KIROKU_URL: caller.url, KIROKU_API_KEY: caller.apiKey } })
const address = (project: string, run: string) => ({ organization: caller.organization, project, run })
const runOf = (project: string, run: string): Promise<Run> => client(caller).runs.byId.query(address(project, run))
const runsOf = async (project: string): Promise<Run[]> =>
  (await client(caller).runs.list.query({ organization: caller.organization, project })).runs

async function pointsOf(project: string, run: string, metric: string): Promise<[number, number][]> {
  const { steps, values } = await readPoints(caller, { ...address(project, run), metric })
  return [...steps].map((step, index) => [step, values[index] ?? Number.NaN])
}

async function linesOf(project: string, run: string): Promise<string[]> {
  const { lines } = await client(caller).console.byRun.query(address(project, run))
  return lines.map(({ stream, text }) => `${stream}: ${text}`)
}

/** Puts a log in a run's folder below a directory of its own, with files beside it. */
function place(name: string, folder: string, log: LogScript, files: Readonly<Record<string, string>> = {}): string {
  const directory = join(bench.base, name, folder)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'run.wandb'), log.bytes)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, 'files', path)), { recursive: true })
    writeFileSync(join(directory, 'files', path), content)
  }
  return join(bench.base, name)
}

class LostServer extends ServerClient {
  override async ingest(): Promise<never> {
    throw new KirokuError({ code: 'UNAVAILABLE', message: 'lost' })
  }
}

/** When scripts begin, unless they say otherwise. */
const start = Date.UTC(2026, 0, 1)
const silent: Terminal = { print() {}, say() {}, progress() {}, isInteractive: false }

describe('a log', () => {
  it('that grows is gone on with, its files too, and again changes nothing', async () => {
    const log = new LogScript('grow').row(0, { x: '1', note: '"a"' }).print('one\ntw').system(1.76e12, { cpu: 5 })
    const directory = place('grow', 'run-1-grow', log, { 'a.txt': 'a', 'output.log': 'one' })
    const first = await bring(directory)
    expect(first).toMatchObject({ code: 0 })
    expect(first.stderr).toMatch(/run-1-grow: 1 row; 1 file; no end: its script died or still runs -> http/)
    expect(await runOf('own project', 'grow')).toMatchObject({
      state: 'crashed',
      exitCode: null,
      summary: { x: 1, note: 'a' },
    })
    expect((await bring(directory)).stderr).toContain('run-1-grow: was imported before, nothing changed')

    place('grow', 'run-1-grow', log.print('o\n').row(1, { x: '2' }).summary({ best: '5' }).exit(3), {
      'a.txt': 'b',
      'b.txt': 'c',
    })
    const second = await bring(directory)
    expect(second).toMatchObject({ code: 0 })
    expect(second.stderr).toMatch(/run-1-grow: 1 row; 2 files -> http/)
    expect(await runOf('own project', 'grow')).toMatchObject({
      state: 'failed',
      exitCode: 3,
      summary: { x: 2, note: 'a', best: 5 },
    })
    expect(await pointsOf('own project', 'grow', 'x')).toEqual([
      [0, 1],
      [1, 2],
    ])
    expect(await linesOf('own project', 'grow')).toEqual(['stdout: one', 'stdout: two'])
    const files = await client(caller).files.list.query(address('own project', 'grow'))
    expect(files.map(({ path }) => path)).toEqual(['a.txt', 'b.txt'])
    expect(await (await fetchFile(caller, { ...address('own project', 'grow'), path: 'a.txt' })).text()).toBe('b')

    // A file that changes alone is brought alone.
    place('grow', 'run-1-grow', log, { 'a.txt': 'd' })
    expect((await bring(directory)).stderr).toMatch(/run-1-grow: 0 rows; 1 file -> http/)
    expect((await bring(directory)).stderr).toContain('nothing changed')
    expect(await runOf('own project', 'grow')).toMatchObject({ state: 'failed', exitCode: 3 })
  })

  it('of a run that went on, was rewound and forked offline becomes what the scripts asked for', async () => {
    const log = (
      id: string,
      second: number,
      run: Parameters<typeof LogScript.prototype.add>[0],
      from: number,
      count = 3,
    ): LogScript => {
      const script = new LogScript(id, run, Date.UTC(2026, 0, 1, 0, 0, second))
      for (let step = 0; step < count; step++) script.row(step, { x: String(from + step) })
      return script.exit()
    }
    place('goes-on', 'offline-run-1-a', log('base', 0, {}, 0))
    place('goes-on', 'offline-run-2-a', log('base', 10, { 24: true }, 10))
    place('goes-on', 'offline-run-3-b', log('branch', 20, { 23: { 1: 'base', 2: { double: 1 }, 3: '_step' } }, 100))
    const directory = place(
      'goes-on',
      'offline-run-4-a',
      log('base', 30, { 23: { 1: 'base', 2: { double: 4 }, 3: '_step' } }, 20),
    )
    const outcome = await bring(directory, '--project', 'goes-on')
    expect(outcome).toMatchObject({ code: 0 })
    expect((await pointsOf('goes-on', 'base', 'x')).map(([step, value]) => `${step}=${value}`)).toEqual([
      '0=0',
      '1=1',
      '2=2',
      '3=10',
      '4=11',
      '5=20',
      '6=21',
      '7=22',
    ])
    expect((await pointsOf('goes-on', 'branch', 'x')).map(([step, value]) => `${step}=${value}`)).toEqual([
      '0=0',
      '1=1',
      '2=100',
      '3=101',
      '4=102',
    ])
    const again = await bring(directory, '--project', 'goes-on')
    expect(again.stderr.match(/was imported before, nothing changed/g)).toHaveLength(4)
    expect(await pointsOf('goes-on', 'base', 'x')).toHaveLength(8)
  })

  it('of several writers at once gets its steps from the server', async () => {
    const log = (second: number, from: number): LogScript => {
      const start = Date.UTC(2026, 0, 1, 0, 0, second)
      const script = new LogScript('many', { 19: { 3: { 4: true, 67: true } } }, start)
      return script
        .row(0, { x: String(from), note: '"n"' })
        .row(1, { x: String(from + 1) })
        .exit()
    }
    place('many', 'run-1-x', log(0, 0))
    const directory = place('many', 'run-2-x', log(1, 10))
    for (const _time of ['first', 'second'])
      expect(await bring(directory, '--project', 'many')).toMatchObject({ code: 0 })
    expect((await pointsOf('many', 'many', 'x')).map(([step, value]) => `${step}=${value}`)).toEqual([
      '0=0',
      '1=1',
      '2=10',
      '3=11',
    ])
    expect(await runOf('many', 'many')).toMatchObject({ state: 'finished', isShared: true })
    const texts = await client(caller).texts.byRun.query(address('many', 'many'))
    expect(texts.map(({ step }) => step).sort()).toEqual([0, 2])
  })

  it('of a fork without its parent, or damaged, brings what is there, and the status says so', async () => {
    const fork = new LogScript('alone', { 23: { 1: 'nobody', 2: { double: 1 } } }).row(0, { x: '1' }).exit()
    const alone = await bring(place('alone', 'run-1-x', fork), '--project', 'trouble')
    expect(alone).toMatchObject({ code: 1 })
    expect(alone.stderr).toContain('it goes on from step 1 of nobody, which is not in the project trouble')
    expect(await pointsOf('trouble', 'alone', 'x')).toEqual([[0, 1]])

    const log = new LogScript('hurt')
    for (let step = 0; step < 4000; step++) log.row(step, { x: String(step) })
    const directory = place('hurt', 'run-1-x', log.exit())
    const bytes = Buffer.from(log.bytes)
    bytes.writeUInt8(bytes.readUInt8(40_000) ^ 1, 40_000)
    writeFileSync(join(directory, 'run-1-x', 'run.wandb'), bytes)
    const hurt = await bring(directory, '--project', 'trouble')
    expect(hurt).toMatchObject({ code: 1 })
    expect(hurt.stderr).toMatch(/run\.wandb is damaged in 1 place, first at byte \d+: \d+ bytes are left out/)
    const points = await pointsOf('trouble', 'hurt', 'x')
    expect(points.length).toBeGreaterThan(3000)
    expect(points.every(([step, value]) => step === value)).toBe(true)
    expect(await runOf('trouble', 'hurt')).toMatchObject({ state: 'finished' })
  })

  it('whose beginning came from the script itself is completed, and nothing of it comes twice', async () => {
    const given = async (run: string, rows: readonly [step: number, time: number, x: number][]) => {
      const begun = await testRun(caller, { project: 'half', run })
      const lines = ['one', 'two'].map((text, line) => ({ line, stream: 'stdout', time: 1, text }) as const)
      const told = rows.map(([step, time, x]) => ({ step, time: start + time, values: { x } }))
      await postBatch(caller, batchOf(begun, { rows: told, console: lines }))
    }
    const script = (id: string, run: Parameters<typeof LogScript.prototype.add>[0] = {}): LogScript =>
      [0, 1, 2, 3].reduce(
        (log, step) => log.row(step, { x: String(step * 10), note: `"${step}"` }),
        new LogScript(id, run).print('one\ntwo\nthr'),
      )
    await given('half', [
      [0, 0, 0],
      [1, 1000, 10],
    ])
    // One that went on: what came of it lies behind what was there.
    await given('shifted', [
      [0, -9000, 7],
      [5, -8000, 7],
      [6, 0, 0],
    ])
    const [half, shifted] = [script('half'), script('shifted', { 24: true })]
    place('half', 'run-1-half', half)
    const directory = place('half', 'offline-run-2-shifted', shifted)
    // An import that stopped before anything came goes on as the same.
    const lost = new LostServer(caller.url, caller.apiKey)
    const options = { paths: [directory], project: 'half', jobs: 1, isVerbose: false }
    await expect(importWandb(silent, lost, options)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const steps = async (run: string) => (await pointsOf('half', run, 'x')).map(([step, x]) => `${step}=${x}`)
    expect(await bring(directory, '--project', 'half')).toMatchObject({ code: 0 })
    expect(await steps('half')).toEqual(['0=0', '1=10', '2=20', '3=30'])
    expect(await steps('shifted')).toEqual(['0=7', '5=7', '6=0', '7=10', '8=20', '9=30'])
    for (const run of ['half', 'shifted'])
      expect(await linesOf('half', run)).toEqual(['stdout: one', 'stdout: two', 'stdout: thr'])

    place('half', 'run-1-half', half.print('ee\nfour\n').row(4, { x: '40' }).exit())
    place('half', 'offline-run-2-shifted', shifted.print('ee\nfour\n').row(4, { x: '40' }).exit())
    for (let times = 0; times < 2; times++)
      expect(await bring(directory, '--project', 'half')).toMatchObject({ code: 0 })
    expect((await bring(directory, '--project', 'half')).stderr.match(/nothing changed/g)).toHaveLength(2)
    expect((await steps('half')).slice(3)).toEqual(['3=30', '4=40'])
    expect((await steps('shifted')).slice(5)).toEqual(['9=30', '10=40'])
    for (const run of ['half', 'shifted']) {
      expect(await linesOf('half', run)).toEqual(['stdout: one', 'stdout: two', 'stdout: three', 'stdout: four'])
      expect(await runOf('half', run)).toMatchObject({ state: 'finished', exitCode: 0 })
    }
  })

  it('that is there, and was gone on with or rewound since, is left as it is', async () => {
    const begun = await testRun(caller, { project: 'since', run: 'since' })
    const row = (step: number, time: number, x: number) => ({ step, time: start + time, values: { x } })
    // Rows 2 and 3 of the log were rewound, and others took their place.
    await postBatch(caller, batchOf(begun, { rows: [row(0, 0, 0), row(1, 1000, 1), row(2, 99_000, -2)] }))
    const second = await testRun(caller, { project: 'since', run: 'since', resume: 'must' })
    await postBatch(caller, batchOf(second, { rows: [row(3, 100_000, -3), row(4, 101_000, -4)] }))
    const log = [0, 1, 2, 3].reduce((script, step) => script.row(step, { x: String(step) }), new LogScript('since'))
    const outcome = await bring(place('since', 'run-1-since', log.exit()), '--project', 'since')
    expect(outcome).toMatchObject({ code: 0, stderr: expect.stringContaining('but for rows at its end') })
    expect((await pointsOf('since', 'since', 'x')).map(([, x]) => x)).toEqual([0, 1, -2, -3, -4])
  })

  it('without a number is found by its other values, and what is missing is added', async () => {
    const begun = await testRun(caller, { project: 'words', run: 'words' })
    const told = [0, 1].map((step) => ({ step, time: start + step * 1000, metric: 'note', value: `n${step}` }))
    await postBatch(caller, batchOf(begun, { texts: told }))
    const log = new LogScript('words').row(0, { note: '"n0"' }).row(1, { note: '"n1"' })
    const directory = place('words', 'run-1-words', log)
    expect((await bring(directory, '--project', 'words')).stderr).toContain('is there already, as wandb sent it')
    place('words', 'run-1-words', log.row(2, { note: '"n2"' }).exit())
    for (let times = 0; times < 2; times++)
      expect(await bring(directory, '--project', 'words')).toMatchObject({ code: 0 })
    const texts = await client(caller).texts.byRun.query(address('words', 'words'))
    expect(texts.map(({ step, value }) => [step, value])).toEqual([0, 1, 2].map((step) => [step, `n${step}`]))
    expect(await runOf('words', 'words')).toMatchObject({ state: 'finished' })
  })

  it('of a shared run is found where the server put its rows, and left alone where a part of them is there', async () => {
    const begun = await testRun(caller, { project: 'found', run: 'found', shared: true })
    const row = (at: number, x: number) => ({ step: 0, time: start + at, values: { x } })
    await postBatch(caller, batchOf(begun, { rows: [row(-5000, 0), row(0, 0), row(-4000, 1), row(1000, 1)] }))
    const log = new LogScript('found', { 19: { 3: { 4: true, 67: true } } }).row(0, { x: '0' }).row(1, { x: '1' })
    const directory = place('found', 'run-1-found', log)
    expect(await bring(directory, '--project', 'found')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is there already, as wandb sent it'),
    })
    place('found', 'run-1-found', log.row(2, { x: '2' }).exit())
    const part = await bring(directory, '--project', 'found')
    expect(part).toMatchObject({ code: 1 })
    expect(part.stderr).toContain(
      'is left out, as nobody can tell what of it is there: its first row is in the run and its last one not',
    )
    expect(await pointsOf('found', 'found', 'x')).toHaveLength(4)
  })

  it('without a row is found by when its script began, and else goes only into a run that came by imports', async () => {
    const began = { 1: Math.floor(start / 1000), 2: 250_400_000 }
    const log = (id: string, run: Parameters<typeof LogScript.prototype.add>[0] = {}): LogScript =>
      new LogScript(id, run, start + 10_000)
        .add({ 26: { 3: began } })
        .print('late\n')
        .exit()
    const finish = { type: 'finish', state: 'finished', exitCode: 0, time: start + 9000 } as const
    for (const [run, startedAt] of [
      ['mine', start + 250],
      ['other', start + 300],
    ] as const) {
      const begun = await testRun(caller, { project: 'bare', run, startedAt })
      await postBatch(caller, batchOf(begun, { updates: [finish] }))
    }
    place('bare', 'run-1-mine', log('mine', { 24: true }))
    const directory = place('bare', 'run-2-other', log('other', { 24: true }))
    const outcome = await bring(directory, '--project', 'bare')
    expect(outcome).toMatchObject({ code: 1 })
    expect(outcome.stderr).toContain('run-1-mine: is there already, as wandb sent it')
    expect(outcome.stderr).toContain(
      'run-2-other: is left out, as nobody can tell what of it is there: it has no rows to look for',
    )
    expect([await linesOf('bare', 'mine'), await linesOf('bare', 'other')]).toEqual([[], []])

    place('brought', 'run-1-brought', new LogScript('brought').row(0, { x: '0' }).print('early\n').exit())
    const both = place('brought', 'run-2-brought', log('brought', { 24: true }))
    for (let times = 0; times < 2; times++) expect(await bring(both, '--project', 'brought')).toMatchObject({ code: 0 })
    expect(await linesOf('brought', 'brought')).toEqual(['stdout: early', 'stdout: late'])
  })

  it('does not get into a run of another origin, and the others still get in', async () => {
    await client(caller).runs.create.mutate({ project: 'taken', run: 'theirs', writer: 'w'.repeat(16), startedAt: 1 })
    place('taken', 'run-1-x', new LogScript('theirs').row(0, { x: '1' }).exit())
    place('taken', 'run-2-x', new LogScript('odd id: ü').row(0, { x: '1' }).exit())
    const directory = place('taken', 'run-3-x', new LogScript(''))
    const outcome = await bring(directory, '--project', 'taken')
    expect(outcome).toMatchObject({ code: 1 })
    expect(outcome.stderr).toContain('the project taken has, or had, another run theirs, which is left as it is')
    expect(outcome.stderr).toContain('names no run: its script died before it had written anything')
    expect(outcome.stderr).toMatch(/its id "odd id: ü" cannot be one here; it is odd-id-[0-9a-f]{8}/)
    expect((await runsOf('taken')).map(({ slug }) => slug.slice(0, 6)).sort()).toEqual(['odd-id', 'theirs'])
  })

  it('is not looked for where there is none', async () => {
    expect(await bring(join(bench.base, 'nowhere'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not there; name a wandb folder'),
    })
  })
})

// Python or PyPI may be missing; `pythonWith` has said so then.
describe.skipIf(python === null)('runs of the real client', () => {
  const directory = join(bench.base, 'real')
  const log = (what: string): void => {
    try {
      runPython(python ?? '', 'log-wandb.py', [directory, what])
    } catch (cause) {
      if (what !== 'killed') throw cause
    }
  }

  it('are stored exactly', async () => {
    mkdirSync(directory, { recursive: true })
    log('rich')
    const outcome = await bring(directory)
    expect(outcome).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/: 14 rows; \d+ files; not imported: 2 artifacts ->/),
    })
    const project = 'own project'
    const run = await runOf(project, 'rich-1')
    expect(run).toMatchObject({
      displayName: 'my run',
      ...{ group: 'g1', jobType: 'train', tags: ['a', 'b'], notes: 'hello\nworld' },
      ...{ state: 'finished', exitCode: 0, lastStep: 100 },
      host: {
        sdk: 'wandb 0.31.0',
        runtime: expect.stringMatching(/^CPython 3/),
        program: expect.stringMatching(/log-wandb\.py$/),
      },
      git: { commit: `c0ffee${'0'.repeat(34)}`, remote: 'https://example.org/repository.git' },
    })
    expect(run.config).toEqual({
      lr: 0.1,
      nested: { a: 1, 'b.c': [1, 2] },
      inf: { $n: 'Infinity' },
      seed: '9223372036854775807',
      $$x: 1,
      text: 'NaN',
      late: 3,
    })
    const six = [0, 1, 2, 3, 4, 5]
    const bad = [Number.NaN, Infinity, -Infinity, 1.5, -0, 1e300]
    const expected: Record<string, number[]> = {
      loss: six.map((i) => 1 / (i + 1)),
      epoch: six,
      'val/acc': six.map((i) => i / 10),
      'nest.x': six,
      'nest.y.z': six.map((i) => -i || 0),
      bad,
      big: six.map((i) => Number(2n ** 60n + BigInt(i))),
      secret: six,
    }
    for (const [metric, values] of Object.entries(expected)) {
      const { steps, times, values: found } = await readPoints(caller, { ...address(project, 'rich-1'), metric })
      expect([metric, [...steps], [...found].map((value) => value + 0)]).toEqual([
        metric,
        six,
        values.map((value) => value + 0),
      ])
      expect([...times]).toEqual(six.map((i) => 1_700_000_000_250 + i * 1000))
    }
    expect(await pointsOf(project, 'rich-1', 'gap')).toEqual([[100, 1]])
    const { metrics, definitions } = await client(caller).metrics.byRun.query(address(project, 'rich-1'))
    const history = metrics.flatMap(({ stream, name }) => (stream === 'history' ? [name] : []))
    expect(history.sort()).toEqual([...Object.keys(expected), 'gap'].sort())
    const system = metrics.flatMap(({ stream, name }) => (stream === 'system' ? [name] : []))
    expect(system).toEqual(
      expect.arrayContaining(['memory_percent', 'proc.memory.rssMB', 'proc.cpu.threads', 'network.sent']),
    )
    expect(definitions).toMatchObject([
      { name: 'epoch' },
      { name: 'loss', stepMetric: 'epoch', summary: ['min', 'max', 'mean', 'last', 'first'] },
      { name: 'val/*', stepMetric: 'epoch', summary: ['max'] },
      { name: 'secret', hidden: true },
    ])
    expect(run.summary).toMatchObject({
      loss: { min: 1 / 6, max: 1, last: 1 / 6, first: 1 },
      'val/acc': { max: 0.5 },
      bad: 1e300,
      best: 0.5,
      'deep.x': { $n: 'Infinity' },
      gap: 1,
      secret: 7,
      'nest.y.z': -5,
    })
    expect(await linesOf(project, 'rich-1')).toEqual(
      expect.arrayContaining(['stdout: hello from the script', 'stderr: trouble', 'stdout: progress 5']),
    )
  })

  it('have their media and files', async () => {
    const at = address('own project', 'rich-1')
    const texts = await client(caller).texts.byRun.query(at)
    const byMetric = Object.fromEntries(texts.map(({ metric, value, step, time }) => [metric, { value, step, time }]))
    expect(byMetric).toMatchObject({
      note: { value: 's NaN', step: 6, time: 1_700_000_010_000 },
      flag: { value: true },
      list: { value: [1, 2, { $n: 'NaN' }] },
      none: { value: null },
      img: { step: 7, value: { _type: 'image-file', format: 'png', width: 6, height: 4, caption: 'cap' } },
      imgs: {
        step: 8,
        value: {
          _type: 'images',
          images: [{ caption: 'c0' }, { caption: 'c1' }, { caption: 'c2', width: 6, height: 4 }],
        },
      },
      tab: { step: 9, value: { _type: 'table-file', columns: ['a', 'b'], rows: 2 } },
      same: { step: 10, value: { _type: 'table-file', columns: ['a'], rows: 2 } },
      hist: { step: 11, value: { _type: 'histogram', values: [1, 2, 3], bins: [0, 1, 2, 4] } },
      page: { step: 12, value: { _type: 'html-file' } },
    })
    const files = await client(caller).files.list.query(at)
    const paths = files.map(({ path }) => path)
    expect(paths).toEqual(
      expect.arrayContaining(['requirements.txt', expect.stringMatching(/^code\/.*log-wandb\.py$/)]),
    )
    expect(paths).not.toContain('output.log')
    const folders = paths.filter((path) => path.startsWith('media/')).map((path) => path.split('/')[1])
    expect(folders.sort()).toEqual(['html', 'images', 'images', 'images', 'images', 'table', 'table', 'table'])
    const shown = paths.find((path) => path.endsWith('.shown.table.json')) ?? ''
    expect(await (await fetchFile(caller, { ...at, path: shown })).json()).toEqual({
      columns: ['a', 'b'],
      data: [
        [1, { $n: 'NaN' }],
        [2, 'x'],
      ],
    })
    const image = paths.find((path) => path.includes('images/img_')) ?? ''
    const bytes = new Uint8Array(await (await fetchFile(caller, { ...at, path: image })).arrayBuffer())
    expect([...bytes.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47])
  })

  it('that it sent itself, live or by `wandb sync`, are there once', async () => {
    const sent = join(bench.base, 'sent')
    mkdirSync(sent, { recursive: true })
    // The server is in this process, which must not stand still meanwhile.
    const script = fileURLToPath(new URL('../../test/python/sync-wandb.py', import.meta.url))
    const made = await bench.start(python ?? '', [script, sent, caller.url, caller.apiKey]).ended
    expect(made).toMatchObject({ code: 0 })
    const seen = async (run: string) => ({
      points: await pointsOf('by wandb', run, 'x'),
      lines: (await linesOf('by wandb', run)).filter((line) => line.includes('line ')),
      texts: await client(caller).texts.byRun.query(address('by wandb', run)),
      run: await runOf('by wandb', run),
    })
    const each = async () => ({
      ...{ live: await seen('live'), offline: await seen('offline') },
      ...{ words: await seen('words'), silent: await seen('silent'), shared: await seen('shared') },
    })
    const { words, silent, shared, ...rows } = await each()
    const numbers = [0, 1, 2, 3, 4, 5, 6]
    for (const { points, lines } of Object.values(rows)) {
      expect(points.map(([, value]) => value)).toEqual(numbers)
      expect(lines).toEqual(numbers.map((number) => `stdout: line ${number}`))
    }
    expect(words.texts.map(({ value }) => value)).toEqual(['one', 'two'])
    expect([words, silent, shared].map(({ lines }) => lines.length)).toEqual([1, 1, 1])
    for (let times = 0; times < 2; times++) {
      const outcome = await bring(join(sent, 'wandb'))
      expect(outcome).toMatchObject({ code: 0 })
      expect(outcome.stderr.match(/is there already, as wandb sent it; nothing changed/g)).toHaveLength(7)
      expect(await each()).toEqual({ words, silent, shared, ...rows })
    }
  })

  it('that were killed, failed, went on and forked are what their scripts made them', async () => {
    for (const what of ['killed', 'failed', 'resumed', 'fork']) log(what)
    const outcome = await bring(join(directory, 'wandb'), '--project', 'others')
    expect(outcome).toMatchObject({ code: 0 })
    expect(await runOf('others', 'killed-1')).toMatchObject({ state: 'crashed', exitCode: null })
    const killed = await pointsOf('others', 'killed-1', 'x')
    expect(killed.length).toBeGreaterThan(100)
    expect(killed.every(([step, value], index) => step === index && value === index)).toBe(true)
    expect(await runOf('others', 'twice-1')).toMatchObject({ state: 'finished', exitCode: 0, lastStep: 4 })
    expect((await pointsOf('others', 'twice-1', 'x')).map(([, value]) => value)).toEqual([0, 1, 2, 0, 1])
    expect((await pointsOf('others', 'fork-1', 'x')).map(([, value]) => value)).toEqual([0, 1, 0, 1])
    const again = await bring(join(directory, 'wandb'), '--project', 'others')
    expect(again.stderr.match(/was imported before, nothing changed/g)).toHaveLength(5)
    expect((await runsOf('others')).map(({ slug }) => slug).sort()).toEqual(['fork-1', 'killed-1', 'rich-1', 'twice-1'])
  })
})
