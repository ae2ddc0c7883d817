import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { client, spawnServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Script, until } from './script.ts'
import { endedRun, expectRows, storedRun } from './stored-run.ts'

let server: Awaited<ReturnType<typeof spawnServer>>
let env: Record<string, string>
beforeAll(async () => {
  server = await spawnServer()
  env = { KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey }
})
afterAll(() => server[Symbol.asyncDispose]())

const train = (words: readonly string[], more: Record<string, string> = {}): Script =>
  new Script('train.mjs', words, { ...env, ...more })

describe('a server that is killed in mid-run', () => {
  it('is waited for; afterwards nothing is missing or doubled', async () => {
    await using script = train(['--rows', '4000', '--pause', '1'])
    const id = await script.runId()
    await until(async () => ((await storedRun(server, id))?.lastStep ?? 0) > 100 || undefined, 'the first rows')
    await server.kill()
    const rowAtKill = script.lastLogged()
    await script.logged(rowAtKill + 500)
    await server.restart()
    expect(await script.exit()).toBe(0)
    expect(script.stderr.match(/does not take data now/g)).toHaveLength(1)
    expect(script.stderr).toContain('takes data again')
    const run = await endedRun(server, id)
    expect(run.state).toBe('finished')
    await expectRows(server, id, 4000)
  })

  it('between storing and acknowledging, doubles nothing either', async () => {
    await server.restart({ holdAfterInsert: true })
    await using script = train(['--rows', '500', '--pause', '1'])
    await server.inserted()
    await server.kill()
    await server.restart()
    expect(await script.exit()).toBe(0)
    await expectRows(server, await script.runId(), 500)
  })

  it('takes nothing from a script that ends meanwhile: its sidecar goes on', async () => {
    await using script = train(['--rows', '3000', '--end', 'exit'], { KIROKU_LINGER_SECONDS: '60' })
    await server.kill()
    expect(await script.exit()).toBe(3)
    await server.restart()
    const run = await endedRun(server, await script.runId())
    expect([run.state, run.exitCode]).toEqual(['failed', 3])
    await expectRows(server, run.slug, 3000)
  })
})

describe('a server that is away when the run begins (defect 2)', () => {
  it('gets everything once it is there', async () => {
    await server.stop()
    await using script = train(['--rows', '2000', '--pause', '1'])
    await script.logged(300)
    await until(() => (script.stderr.includes('does not take data now') ? true : undefined), 'the warning')
    await server.restart()
    expect(await script.exit()).toBe(0)
    await expectRows(server, await script.runId(), 2000)
  })

  it('does not keep a script waiting for good, nor its data from staying', async () => {
    const closed = await closedPort()
    await using script = train(['--rows', '100', '--end', 'finish'], {
      KIROKU_URL: `http://127.0.0.1:${closed}`,
      KIROKU_FINISH_TIMEOUT: '1',
      KIROKU_LINGER_SECONDS: '1',
      KIROKU_DISABLE_CODE: 'yes',
    })
    const sidecar = await script.sidecar()
    expect(await script.exit()).toBe(0)
    expect(script.stderr).toContain('the server took nothing for 1 s')
    await until(() => (processState(sidecar) === undefined ? true : undefined), 'the sidecar to give up')
    expect(script.runDirectories()).toHaveLength(1)
  })
})

describe('a run that the server forgot', () => {
  it('is refused when its id was deleted, and the script goes on', async () => {
    await using first = train(['--rows', '10', '--ids', 'gone'])
    expect(await first.exit()).toBe(0)
    await client(server).runs.delete.mutate({ organization: server.organization, project: 'demo', run: 'gone' })
    await using second = train(['--rows', '10', '--ids', 'gone'])
    expect(await second.exit()).toBe(0)
    expect(second.stderr).toContain('refused the run')
  })
})

describe('a lot of data', () => {
  it('is sent by a sidecar that stays below 150 MB', async () => {
    await server.stop()
    await using script = new Script('flood.mjs', [], env)
    const sidecar = await script.sidecar()
    await until(() => script.lines.find(({ ended }) => ended), 'the last row to be logged')
    await server.restart()
    await until(() => script.lines.find(({ finished }) => finished), 'all to be sent')
    expect(peakMegabytes(sidecar)).toBeLessThan(150)
    const address = { organization: server.organization, project: 'demo', run: await script.runId() }
    const { metrics } = await client(server).metrics.byRun.query(address)
    const counts = metrics.filter(({ stream }) => stream === 'history').map(({ count }) => count)
    expect(counts).toEqual(Array(10).fill(100_000))
  })
})

/** The most memory that a process has had, in MB. */
function peakMegabytes(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1000
}

/** A process' state letter; undefined when it is gone or only waits to be reaped. */
function processState(pid: number): string | undefined {
  try {
    const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return state === 'Z' ? undefined : state
  } catch {
    return undefined
  }
}

/** A port that nobody listens on. */
function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 1))
    })
  })
}
