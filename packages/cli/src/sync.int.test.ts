import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runPageSchema } from '@kiroku/core/queries'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Bench, expectRows, query, readPoints, type Served, storedRun } from '../test/harness.ts'

const bench = new Bench()
const { base } = bench
let server: Served
beforeAll(async () => {
  server = await bench.serve(join(base, 'data'))
})
afterAll(() => server.stop('SIGINT'))

const runIn = (workspace: string): string => {
  const runs = join(workspace, 'runs')
  return join(runs, readdirSync(runs)[0] ?? '')
}

/** Runs a script to its end without a server; answers its `.kiroku` directory. */
async function offline(id: string, rows: number, workspace = join(base, id, '.kiroku')): Promise<string> {
  const env = { KIROKU_MODE: 'offline', KIROKU_DIR: workspace }
  expect(await bench.script('train.mjs', [id, String(rows)], { env }).ended).toMatchObject({ code: 0 })
  return workspace
}

/** What the script printed without a newline yet is there once it has logged so many rows. */
const logged = (said: { stdout: string }, rows: number): Promise<unknown> =>
  vi.waitUntil(() => said.stdout.includes(`logged ${rows}\n`), { timeout: 30_000 })

describe('7.6 sync', () => {
  it('sends an offline run with everything of it, once, and nothing the second time', async () => {
    const workspace = await offline('plain', 500)
    const first = await bench.kiroku(['sync', workspace])
    expect(first.stderr.split('\n')).toEqual([
      'plain: syncing',
      `plain: synced, 500 rows -> ${server.url}/local/demo/runs/plain`,
      '1 run synced',
      '',
    ])
    expect(first).toMatchObject({ code: 0, stdout: '' })
    await expectRows(server, 'plain', 500)
    const before = await storedRun(server, 'demo', 'plain')
    expect(before).toMatchObject({ state: 'finished', exitCode: 0, config: { lr: 0.1, odd: { $n: 'NaN' } } })
    const second = await bench.kiroku(['sync', workspace])
    expect(second).toMatchObject({ code: 0, stderr: `Nothing to sync in ${workspace}, 1 run synced before\n` })
    const third = await bench.kiroku(['sync', '--include-synced', workspace])
    expect(third).toMatchObject({ code: 0, stderr: expect.stringContaining('plain: synced, 500 rows') })
    await expectRows(server, 'plain', 500)
    const { heartbeatAt: _first, liveWriters: _before, ...was } = before
    const { heartbeatAt: _last, liveWriters: _after, ...is } = await storedRun(server, 'demo', 'plain')
    expect(is).toEqual(was)
  })

  it('sends every run of a workspace, several at once, found by directory, log or .kiroku', async () => {
    const workspace = join(base, 'many', '.kiroku')
    for (const id of ['many-1', 'many-2', 'many-3']) await offline(id, 50, workspace)
    const plan = await bench.kiroku(['sync', '--dry-run', '--dir', workspace])
    expect(plan.code).toBe(0)
    expect(plan.stdout.match(/-many-\d {2}\d+ KiB {2}unsynced -> \S+ demo\/many-\d$/gm)).toHaveLength(3)
    expect(plan.stderr).toBe('Would sync 3 runs\n')
    expect(
      (await query(server, 'runs.list', { organization: 'local', project: 'demo', search: 'many' }, runPageSchema))
        .total,
    ).toBe(0)
    const log = join(runIn(workspace), 'run.klog')
    expect(await bench.kiroku(['sync', log])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/\n1 run synced\n$/),
    })
    const rest = await bench.kiroku(['sync', '--jobs', '2'], { cwd: join(base, 'many') })
    expect(rest).toMatchObject({ code: 0, stderr: expect.stringMatching(/\n2 runs synced, 1 run synced before\n$/) })
    for (const id of ['many-1', 'many-2', 'many-3']) await expectRows(server, id, 50)
  })

  it('brings a run to another project and id, with other tags', async () => {
    const workspace = await offline('moved', 20)
    const args = ['sync', workspace, '--project', 'elsewhere', '--id', 'renamed', '--replace-tags', 'old=new,none=some']
    expect(await bench.kiroku(args)).toMatchObject({ code: 0 })
    expect(await storedRun(server, 'elsewhere', 'renamed')).toMatchObject({ tags: ['new', 'kept'], state: 'finished' })
    await expectRows(server, 'renamed', 20, 'elsewhere')
    expect(await bench.kiroku(args)).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing to sync') })
    const home = await bench.kiroku(['sync', workspace, '--project', 'demo'])
    expect(home).toMatchObject({ code: 0, stderr: expect.stringContaining('moved: synced, 20 rows') })
    await expectRows(server, 'moved', 20)
    const wrong = await bench.kiroku(['sync', workspace, '--replace-tags', 'old'])
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('old=new,old=new and got `old`') })
  })

  it('stores every row once when two processes send the same run at the same time', async () => {
    const workspace = await offline('twice', 30_000)
    const both = await Promise.all([1, 2].map(() => bench.kiroku(['sync', workspace])))
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    await expectRows(server, 'twice', 30_000)
    expect(await storedRun(server, 'demo', 'twice')).toMatchObject({ state: 'finished', lastStep: 29_999 })
  })

  it('sends what is there of a run that still runs, and follows it to its end with --live', async () => {
    const workspace = join(base, 'live', '.kiroku')
    const env = { KIROKU_MODE: 'offline', KIROKU_DIR: workspace }
    const script = bench.script('train.mjs', ['live', '100', 'hold'], { env })
    await logged(script.said, 100)
    // The writer thread needs a moment to put the rows down.
    await vi.waitUntil(
      async () => {
        const now = await bench.kiroku(['sync', workspace])
        expect(now.code).toBe(0)
        return now.stderr.includes('live: 100 rows so far, its script still runs')
      },
      { timeout: 30_000 },
    )
    expect(await storedRun(server, 'demo', 'live')).toMatchObject({ state: 'running', finishedAt: null })
    const following = bench.launch(['sync', '--live', workspace])
    script.child.stdin?.write('50\n')
    await logged(script.said, 150)
    const hasRows = (count: number) => async () =>
      (await readPoints(server, { project: 'demo', run: 'live', metric: 'row' })).length === count
    await vi.waitUntil(hasRows(150), { timeout: 30_000, interval: 100 })
    script.child.stdin?.write('25\nend\n')
    expect(await script.ended).toMatchObject({ code: 0 })
    expect(await following.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('live: synced, 175 rows') })
    await expectRows(server, 'live', 175)
    expect(await storedRun(server, 'demo', 'live')).toMatchObject({ state: 'finished', exitCode: 0 })
  })

  it('ends a run whose script was killed as crashed, with all of its rows', async () => {
    const workspace = join(base, 'killed', '.kiroku')
    const script = bench.script('train.mjs', ['killed', '40', 'hold'], {
      env: { KIROKU_MODE: 'offline', KIROKU_DIR: workspace },
    })
    await logged(script.said, 40)
    const before = join(runIn(workspace), 'run.klog')
    await vi.waitUntil(() => existsSync(before), { timeout: 10_000 })
    // What was logged 100 ms before a kill is on the disk; a sync that sees all rows says so.
    await vi.waitUntil(async () => (await bench.kiroku(['sync', workspace])).stderr.includes(' 40 rows so far'), {
      timeout: 30_000,
    })
    script.child.kill('SIGKILL')
    await script.ended
    expect(await bench.kiroku(['sync', workspace])).toMatchObject({ code: 0 })
    expect(await storedRun(server, 'demo', 'killed')).toMatchObject({ state: 'crashed', exitCode: null })
    await expectRows(server, 'killed', 40)
  })
})
