import { readFileSync } from 'node:fs'
import { client, readPoints, spawnServer } from '@kiroku/testkit'
import { describe, expect, it } from 'vitest'
import { Script, until } from './script.ts'
import { storedRun } from './stored-run.ts'

const outageMs = 120_000
const rate = 1000
const seconds = 130

describe('a server that is away for two minutes while a script logs 1 000 rows a second', () => {
  it('costs no row, and the sidecar stays below 150 MB', { timeout: 400_000 }, async () => {
    await using server = await spawnServer()
    await using script = new Script('paced.mjs', ['--rate', String(rate), '--seconds', String(seconds)], {
      KIROKU_URL: server.url,
      KIROKU_API_KEY: server.apiKey,
    })
    const id = await script.runId()
    await until(
      async () => ((await storedRun(server, id))?.lastStep ?? 0) > 3 * rate || undefined,
      'three seconds of rows',
    )
    const sidecar = await script.sidecar()
    await server.stop()
    const stoppedAt = Date.now()
    await until(() => (Date.now() - stoppedAt >= outageMs ? true : undefined), 'two minutes', outageMs + 10_000)
    const before = script.lines.findLast(({ logged }) => logged !== undefined)?.logged ?? 0
    await server.restart()
    await until(() => script.lines.find(({ ended }) => ended), 'the last row to be logged', seconds * 1000)
    const peak = peakMegabytes(sidecar)
    expect(await script.exit()).toBe(0)
    expect(before).toBeGreaterThan((outageMs / 1000) * rate)
    expect(peak).toBeLessThan(150)
    expect(script.stderr.match(/does not take data now/g)).toHaveLength(1)

    const address = { organization: server.organization, project: 'demo', run: id }
    const expected = Float64Array.from({ length: rate * seconds }, (_, index) => index)
    for (const [metric, values] of [
      ['row', expected],
      ['wave', expected.map(Math.sin)],
      ['m/6', expected.map((row) => row * 6)],
    ] as const) {
      const points = await readPoints(server, { ...address, metric })
      expect(points.steps).toEqual(expected)
      expect(points.values).toEqual(values)
    }
    const { metrics } = await client(server).metrics.byRun.query(address)
    const counts = metrics.filter(({ stream }) => stream === 'history').map(({ count }) => count)
    expect(counts).toEqual(Array(10).fill(rate * seconds))
    expect((await storedRun(server, id))?.state).toBe('finished')
  })
})

/** The most memory that a process has had, in MB. */
function peakMegabytes(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1000
}
