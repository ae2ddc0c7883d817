import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromWireRecord } from '@kiroku/core/values'
import { client, fetchSeries, readPoints, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logFileName, recordKinds, rowFlags } from '../src/log/format.ts'
import { LogReader } from '../src/log/log-reader.ts'
import { findRuns } from '../src/sync/index.ts'
import { sdkVersion } from '../src/version.ts'
import { Script, until } from './script.ts'
import { endedRun, expectRows, type Place, storedRun } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey }
})
afterAll(() => server.close())

const train = (words: readonly string[], more: Record<string, string> = {}): Script =>
  new Script('train.mjs', words, { ...env, ...more })

/** The directory of a script's run, once its log has something. */
const localRun = ({ directory }: Script): string | undefined => findRuns(join(directory, '.kiroku'))[0]?.directory

/** How many rows the log of a script that is gone has. */
function rowsIn(directory: string): number {
  const reader = new LogReader(join(directory, logFileName))
  reader.isFinal = true
  let rows = 0
  while (reader.next())
    if (reader.bytes[reader.start] === recordKinds.row && reader.bytes[reader.start + 1] === rowFlags.commits) rows++
  reader.close()
  return rows
}

describe('a run', () => {
  it('arrives as it was said, in all its parts', async () => {
    await using script = new Script('everything.mjs', [], env)
    expect(await script.exit()).toBe(0)
    const address = { organization: place.organization, project: 'demo', run: 'everything' }
    const run = await storedRun(place, 'everything')
    expect(run).toMatchObject({
      displayName: 'all of it',
      group: 'g',
      jobType: 'train',
      notes: 'some notes',
      tags: ['two', 'tags'],
      state: 'finished',
      exitCode: 0,
      config: { lr: { $n: 'Infinity' }, seed: 7 },
      lastStep: 9,
      summary: { loss: { min: 1, last: 2 }, batch: 30, best: 7, sample: 'a sentence', later: 1, 'nested.deep': true },
      host: { sdk: `@kiroku/sdk ${sdkVersion}`, pid: script.child.pid },
    })
    expect(run?.git.commit).toMatch(/^[0-9a-f]{40}$/)
    const loss = await readPoints(place, { ...address, metric: 'loss' })
    expect([[...loss.steps], [...loss.values]]).toEqual([
      [0, 1, 2],
      [3, 1, 2],
    ])
    const batch = await readPoints(place, { ...address, metric: 'batch' })
    expect([[...batch.steps], [...batch.values]]).toEqual([
      [0, 1, 2, 9],
      [10, 10, 30, 30],
    ])
    const odd = await readPoints(place, { ...address, metric: 'odd' })
    expect([...odd.values]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0])
    const { definitions, metrics } = await client(place).metrics.byRun.query(address)
    expect(definitions).toContainEqual(
      expect.objectContaining({ name: 'loss', stepMetric: 'batch', goal: 'minimize', unit: 'nats' }),
    )
    expect(metrics.filter(({ stream }) => stream === 'system').map(({ name }) => name)).toContain('proc.memory.rssMB')
    const series = await fetchSeries(place, {
      organization: place.organization,
      project: 'demo',
      series: [{ run: 'everything', metric: 'odd' }],
      x: { kind: 'step' },
      width: 100,
    })
    expect(series.series[0]?.form === 'points' && [...series.series[0].columns.y]).toEqual([...odd.values])
    expect(script.lines[0]).toMatchObject({
      name: 'all of it',
      url: `${place.url}/${place.organization}/demo/runs/everything`,
      step: 9,
    })
    expect(script.stderr).toContain(`kiroku: run all of it: ${place.url}/${place.organization}/demo/runs/everything\n`)
    expect(script.stderr).toMatch(/kiroku: +loss █▁▅\n/)
    expect(script.stderr).toMatch(/kiroku: +loss min 1, last 2\n/)
  })

  it('arrives though its names and texts are hostile', async () => {
    await using script = new Script('hostile.mjs', [], env)
    expect(await script.exit()).toBe(0)
    const run = await storedRun(place, 'hostile')
    expect(run?.state).toBe('finished')
    expect(run?.displayName).toBe('nul \ufffd and half \ufffd')
    expect(run?.tags).toEqual(['a,b', '"\'\\', '日本語'])
    expect(run && fromWireRecord(run.config)).toEqual({
      '\ufffdkey': 'nul \ufffd',
      half: '\ufffd',
      $n: 'NaN',
      $: { $n: 1 },
      big: String(2n ** 70n),
      deep: { a: [{ b: 0 }] },
    })
    const summary = run && fromWireRecord(run.summary)
    expect(summary).toMatchObject({
      constructor: 2,
      toString: 'text',
      'quote\'"`\\': 1,
      'new\nline': 2,
      '日本語/😀': 3,
      ' ': 4,
      'x\ufffdy': 6,
      text: 'nul \ufffd half \ufffd',
      max: Number.MAX_VALUE,
      min: Number.MIN_VALUE,
      nan: Number.NaN,
      list: [Number.NaN, { $n: 'NaN' }],
      's\ufffd': 'half \ufffd',
      $n: Number.NaN,
      a: 1,
    })
    const address = { organization: place.organization, project: 'demo', run: 'hostile' }
    const last = await readPoints(place, { ...address, metric: 'a' })
    expect([...last.steps]).toEqual([Number.MAX_SAFE_INTEGER])
    for (const metric of ['__proto__', '日本語/😀', ' ', 'quote\'"`\\']) {
      expect((await readPoints(place, { ...address, metric })).values, metric).toHaveLength(1)
    }
  })

  it('says nothing when it is told to be silent, and leaves a mark when all is sent', async () => {
    await using script = train(['--rows', '10'], { KIROKU_SILENT: '1' })
    expect(await script.exit()).toBe(0)
    expect(script.stderr).toBe('')
    const [directory] = script.runDirectories()
    expect(existsSync(join(directory ?? '', 'synced'))).toBe(true)
    expect(readFileSync(join(script.directory, '.kiroku', '.gitignore'), 'utf8')).toBe('*\n')
    const run = await endedRun(place, await script.runId())
    expect(run.displayName).toMatch(/^\w+-\w+-\d+$/)
    await expectRows(place, run.slug, 10)
  })

  it('keeps the code to itself when told so', async () => {
    await using script = train(['--rows', '1'], { WANDB_DISABLE_CODE: 'true' })
    await script.exit()
    expect((await endedRun(place, await script.runId())).git).toEqual({})
  })

  it('shows on the server while the script never lets go of its thread', async () => {
    await using script = train(['--rows', '100000', '--pause', '2', '--busy'])
    const id = await script.runId()
    const run = await until(async () => {
      const stored = await storedRun(place, id)
      return (stored?.lastStep ?? 0) > 200 ? stored : undefined
    }, 'rows of a busy script')
    expect(run.state).toBe('running')
    script.child.kill('SIGKILL')
    expect((await endedRun(place, id)).state).toBe('crashed')
  })
})

describe('4.7 the end of a script', () => {
  it.each([
    { end: 'none', code: 0, state: 'finished' },
    { end: 'twice', code: 0, state: 'finished' },
    { end: 'exit', code: 3, state: 'failed' },
    { end: 'code', code: 4, state: 'failed' },
    { end: 'throw', code: 1, state: 'failed' },
    { end: 'reject', code: 1, state: 'failed' },
    { end: 'seven', code: 0, state: 'failed', exitCode: 7 },
    { end: 'caught', code: 0, state: 'finished' },
  ])('by `$end` leaves code $code, a run that $state, and every row', async ({ end, code, state, exitCode = code }) => {
    await using script = train(['--rows', '2000', '--end', end])
    expect(await script.exit()).toBe(code)
    if (code === 1) expect(script.stderr).toContain('Error: the training went wrong')
    const run = await endedRun(place, await script.runId())
    expect([run.state, run.exitCode]).toEqual([state, exitCode])
    await expectRows(place, run.slug, 2000)
  })

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'by %s in a loop that never lets go of its thread loses no row of more than 100 ms ago (defect 1), and the run has crashed',
    async (signal) => {
      await using script = train(['--rows', '1000000', '--pause', '1', '--busy'])
      await script.logged(300)
      // A script that is killed before anything was started for it leaves its rows to the next one.
      await script.sidecar()
      await until(() => script.lastLogged(Date.now() - 500) > 0 || undefined, 'rows of a while ago')
      const before = Date.now() - 100
      script.child.kill(signal)
      expect(await script.exit()).toBe(signal)
      expect(script.lastLogged(before)).toBeGreaterThan(0)
      const run = await endedRun(place, await script.runId())
      expect([run.state, run.exitCode]).toEqual(['crashed', null])
      const count = await expectRows(place, run.slug)
      expect(count).toBeGreaterThan(script.lastLogged(before))
    },
  )

  it.each([
    ['row', (script: Script) => script.logged(0)],
    ['byte of its log', (script: Script) => until(() => localRun(script), 'a log')],
    ['sidecar', (script: Script) => script.sidecar()],
  ] as const)('by SIGKILL at its first %s leaves what its log has to the next script there', async (_, beginning) => {
    await using script = train(['--rows', '1000000', '--pause', '1', '--busy'])
    await beginning(script)
    script.child.kill('SIGKILL')
    await script.exit()
    const left = localRun(script)
    const kept = left === undefined ? 0 : rowsIn(left)
    await using next = train(['--rows', '1'], { KIROKU_DIR: join(script.directory, '.kiroku') })
    expect(await next.exit()).toBe(0)
    await expectRows(place, await next.runId(), 1)
    if (left === undefined) {
      expect(await storedRun(place, await script.runId())).toBeUndefined()
      return
    }
    const run = await endedRun(place, await script.runId())
    expect([run.state, run.exitCode, run.lastStep]).toEqual(['crashed', null, kept === 0 ? null : kept - 1])
    if (kept > 0) await expectRows(place, run.slug, kept)
  })

  it('leaves no process behind', async () => {
    await using script = train(['--rows', '10', '--end', 'hang'])
    const sidecar = await script.sidecar()
    script.child.kill('SIGKILL')
    await endedRun(place, await script.runId())
    await until(() => (isRunning(sidecar) ? undefined : true), 'the sidecar to end')
  })
})

describe('several at once', () => {
  it('runs of one script, and scripts, go side by side', async () => {
    await using first = train(['--rows', '500', '--pause', '1', '--ids', 'one-a,one-b,one-c'])
    await using second = train(['--rows', '500', '--pause', '1', '--ids', 'two-a,two-b'])
    expect(await Promise.all([first.exit(), second.exit()])).toEqual([0, 0])
    for (const id of ['one-a', 'one-b', 'one-c', 'two-a', 'two-b']) await expectRows(place, id, 500)
  })
})

describe('a sidecar that is killed', () => {
  it('is replaced, and nothing is lost or doubled', async () => {
    await using script = train(['--rows', '1500', '--pause', '1'])
    await script.logged(200)
    const first = await script.sidecar()
    process.kill(first, 'SIGKILL')
    await script.logged(700)
    process.kill(await script.sidecar(first), 'SIGKILL')
    expect(await script.exit()).toBe(0)
    const run = await endedRun(place, await script.runId())
    expect(run.state).toBe('finished')
    await expectRows(place, run.slug, 1500)
  })
})

describe('without a server', () => {
  it('offline keeps everything here', async () => {
    await using script = train(['--rows', '50'], { KIROKU_MODE: 'offline' })
    expect(await script.exit()).toBe(0)
    expect(script.stderr).toContain('kiroku: offline: the run is kept in ')
    expect(script.runDirectories()).toHaveLength(1)
    expect(await storedRun(place, await script.runId())).toBeUndefined()
  })

  it('disabled does nothing', async () => {
    await using script = train(['--rows', '50'], { KIROKU_MODE: 'disabled' })
    expect(await script.exit()).toBe(0)
    expect(script.stderr).toBe('')
    expect(existsSync(join(script.directory, '.kiroku'))).toBe(false)
  })

  it('a key that the server refuses is said once, and keeps nothing from going on', async () => {
    await using script = train(['--rows', '50', '--pause', '2'], { KIROKU_API_KEY: `kiroku-${'x'.repeat(40)}` })
    expect(await script.exit()).toBe(0)
    expect(script.stderr.match(/refused the run/g)).toHaveLength(1)
    expect(script.stderr).toContain(
      `asked again from time to time; \`kiroku login --url ${place.url}\` keeps another key\n`,
    )
    expect(script.lines.at(-1)?.finished).toBe(true)
  })

  it('no key at all says what to do', async () => {
    await using script = train(['--rows', '5'], { KIROKU_API_KEY: '' })
    expect(await script.exit()).toBe(0)
    expect(script.stderr).toContain('kiroku login')
  })
})

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
