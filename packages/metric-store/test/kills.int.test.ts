import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { scheduler } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { type MetricStore, openMetricStore } from '../src/index.ts'
import { temporaryDirectory } from './stores.ts'

const kills = 50
/** The first of them come while the tables are made. */
const killsOfMigrations = 10
/** More than a bucket of a rollup has. */
const rowsPerBatch = 300

/** What a client knows of a run: batches that were acknowledged, and what it asked for and heard nothing of. */
type Known = { run: string; acknowledged: number; asked: 'batch' | 'truncate' | 'delete' | null; isDeleted: boolean }

/**
 * Once it is told of the runs, sends batches of them, cuts runs off, deletes runs and fills rollups, all at once and for ever.
 * Says each thing before and after. What it was told is open is asked for again, as a client does.
 */
const script = `
  const [path, project] = process.argv.slice(1)
  const { openMetricStore } = await import(process.argv[3])
  const runs = JSON.parse(await new Promise((resolve) => process.stdin.once('data', resolve)))
  const store = await openMetricStore({ kind: 'embedded', path })
  const say = (...words) => process.stdout.write(words.join(' ') + '\\n')
  let last = 0
  const version = () => (last = Math.max(last + 1, Date.now() * 1000))
  const rows = ${rowsPerBatch}
  const valueAt = (step) => Math.sin(step) * 100
  const send = async (known) => {
    const from = known.acknowledged * rows
    const steps = Float64Array.from({ length: rows }, (_, row) => from + row)
    say('batch', known.run)
    const metrics = ['a', 'b'].map((name) => ({ name, rows: null, values: steps.map(valueAt) }))
    await store.insert([{ project, run: known.run, stream: 'history', version: version(), steps, times: steps, metrics }], [])
    known.acknowledged++
    say('acknowledged', known.run, known.acknowledged)
  }
  const cut = async (known) => {
    const kept = Math.max(0, known.acknowledged - 1)
    say('truncate', known.run, kept)
    await store.truncate({ project, run: known.run }, kept * rows - 1)
    known.acknowledged = kept
    say('truncated', known.run, kept)
  }
  const remove = async (known) => {
    say('delete', known.run)
    await store.deleteRun({ project, run: known.run })
    known.isDeleted = true
    say('deleted', known.run)
  }
  const ask = { batch: send, truncate: cut, delete: remove }
  const live = async (known) => {
    if (known.asked) await ask[known.asked](known)
    while (!known.isDeleted) {
      const drawn = Math.random()
      await (drawn < 0.03 ? remove : drawn < 0.15 ? cut : send)(known)
    }
  }
  const roll = async () => { for (;;) { await store.roll(); await new Promise((resolve) => setTimeout(resolve, 20)) } }
  say('open')
  await Promise.all([roll(), ...runs.map(live)])
`

/** A process that has loaded everything, and opens the store once it is told of the runs. */
function start(path: string, project: string): ChildProcess {
  const store = new URL('../dist/index.js', import.meta.url).href
  const args = ['--input-type=module', '-e', script, path, project, store]
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Follows what a client hears until its process is gone; answers whether the store was open by then. */
async function listen(child: ChildProcess, known: ReadonlyMap<string, Known>, onOpen: () => void): Promise<void> {
  if (child.stdout === null) throw new Error('no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, run = '', count = ''] = line.split(' ')
    const of = known.get(run)
    if (word === 'open') onOpen()
    if (!of) continue
    if (word === 'batch' || word === 'truncate' || word === 'delete') of.asked = word
    else of.asked = null
    if (word === 'acknowledged' || word === 'truncated') of.acknowledged = Number(count)
    if (word === 'deleted') of.isDeleted = true
  }
}

async function stepsOf(store: MetricStore, project: string, run: string, metric: string): Promise<number[]> {
  const steps: number[] = []
  for await (const points of store.points({ project, run, stream: 'history', metric })) {
    steps.push(...points.steps)
    expect(points.values.findIndex((value, index) => value !== Math.sin(points.steps[index] ?? 0) * 100)).toBe(-1)
  }
  return steps
}

/** Everything that was acknowledged is there, once, and beside it at most what was asked for and not answered. */
async function check(store: MetricStore, project: string, known: Iterable<Known>): Promise<void> {
  for (const { run, acknowledged, asked, isDeleted } of known) {
    for (const metric of ['a', 'b']) {
      const steps = await stepsOf(store, project, run, metric)
      if (isDeleted) {
        expect(steps).toEqual([])
        continue
      }
      const most = acknowledged * rowsPerBatch + (asked === 'batch' ? rowsPerBatch : 0)
      if (asked === 'delete') {
        // ClickHouse takes rows out part by part, in any order.
        expect(steps.findIndex((step, index) => index > 0 && step <= (steps[index - 1] ?? 0))).toBe(-1)
        expect(steps.at(-1) ?? 0).toBeLessThanOrEqual(most)
        continue
      }
      expect(steps.findIndex((step, index) => step !== index)).toBe(-1)
      const fewest = Math.max(0, acknowledged - (asked === 'truncate' ? 1 : 0)) * rowsPerBatch
      expect(steps.length).toBeLessThanOrEqual(most)
      expect(steps.length).toBeGreaterThanOrEqual(fewest)
    }
  }
}

test(`after each of ${kills} kills the store opens, nothing acknowledged is missing or doubled, and rollups equal a recount`, {
  timeout: 600_000,
}, async () => {
  using directory = temporaryDirectory()
  const project = randomUUID()
  const known = new Map<string, Known>()
  /** Deleted runs of which nothing was left: looked at again at the end. */
  const gone = new Set<string>()
  const addRuns = (): void => {
    while ([...known.values()].filter(({ isDeleted }) => !isDeleted).length < 4) {
      const run = randomUUID()
      known.set(run, { run, acknowledged: 0, asked: null, isDeleted: false })
    }
  }
  let opened = 0
  let batches = 0
  let next = start(directory.path, project)
  onTestFinished(() => void next.kill('SIGKILL'))
  for (let kill = 0; kill < kills; kill++) {
    addRuns()
    const child = next
    child.stdin?.write(`${JSON.stringify([...known.values()].filter(({ isDeleted }) => !isDeleted))}\n`)
    const wait = kill < killsOfMigrations ? Math.random() * 500 : 100 + Math.random() * 500
    let isOpen = (): void => {}
    const opening = new Promise<void>((resolve) => {
      isOpen = () => {
        opened++
        resolve()
      }
    })
    const heard = listen(child, known, isOpen)
    if (kill >= killsOfMigrations) await Promise.race([opening, heard])
    await scheduler.wait(wait)
    if (child.exitCode === null) child.kill('SIGKILL')
    if (child.signalCode === null && child.exitCode === null) await once(child, 'exit')
    await heard
    expect(child.signalCode).toBe('SIGKILL')
    // The next process loads its code while this one looks at what was left.
    next = start(directory.path, project)
    const store = await openMetricStore({ kind: 'embedded', path: directory.path })
    const looked = [...known.values()].filter(({ run }) => !gone.has(run))
    await check(store, project, looked)
    for (const { run, isDeleted } of looked) if (isDeleted) gone.add(run)
    // A deletion that was cut short is asked for again before anything else is, as the server's sweeper does.
    for (const of of known.values())
      if (of.asked === 'delete') {
        await store.deleteRun({ project, run: of.run })
        Object.assign(of, { asked: null, isDeleted: true })
      }
    while (await store.roll());
    expect((await store.checkRollups()).wrong).toEqual([])
    batches = [...known.values()].reduce((sum, { acknowledged }) => sum + acknowledged, 0)
    await store.close()
  }
  const store = await openMetricStore({ kind: 'embedded', path: directory.path })
  await check(store, project, known.values())
  await store.close()
  // Otherwise it was never killed at work.
  expect(opened).toBeGreaterThanOrEqual(kills - killsOfMigrations)
  expect(batches).toBeGreaterThan(0)
})
