import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { api } from '../src/api/api.ts'
import { begin, ran } from './beginning.ts'
import { until } from './script.ts'
import { endedRun, type Place, storedRun } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let env: Record<string, string>
let gate: Server
let port: number
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey }
})
afterAll(() => server.close())

/** A way to the server that is closed at first. */
beforeEach(async () => {
  const target = Number(new URL(place.url).port)
  gate = createServer((from) => {
    const to = connect(target, '127.0.0.1')
    from.on('error', () => to.destroy())
    to.on('error', () => from.destroy())
    from.pipe(to).pipe(from)
  })
  gate.listen(0, '127.0.0.1')
  await once(gate, 'listening')
  port = addressOf(gate).port
  gate.close()
  await once(gate, 'close')
})
afterEach(() => {
  gate.close()
})

function addressOf(listening: Server): AddressInfo {
  const address = listening.address()
  if (address === null || typeof address === 'string') throw new Error('it does not listen')
  return address
}

const away = (): Record<string, string> => ({ ...env, KIROKU_URL: `http://127.0.0.1:${port}` })
const open = async (): Promise<void> => {
  gate.listen(port, '127.0.0.1')
  await once(gate, 'listening')
}
const history = async (id: string): Promise<unknown[]> => {
  const run = await api({ url: place.url, apiKey: place.apiKey }).run(`demo/${id}`)
  return (await run.history({ metrics: ['a'] })).map((row) => [row['_step'], row['a']])
}
const log = (a: number, step?: number): { log: [object, { step?: number }] } => ({
  log: [{ a }, step === undefined ? {} : { step }],
})

describe('4.5 resume while the server is away', () => {
  it('goes on at once, with a warning; what is logged follows the last step when the server is back', async () => {
    await ran({ options: { id: 'away' }, steps: [log(1), log(2), log(3)] }, env)
    await endedRun(place, 'away')
    await using script = begin({ options: { id: 'away', resume: 'must' }, steps: [log(4), log(5)] }, away())
    await until(() => script.lines.find(({ begun }) => begun), 'the script to begin')
    expect(script.lines[0]).toMatchObject({ isResumed: false, step: 0 })
    expect(Number(script.lines[0]?.['tookMs'])).toBeLessThan(9_000)
    expect(script.stderr).toContain('is found out when the server answers; its steps count from 0 here until then')
    await open()
    expect(await script.exit()).toBe(0)
    expect(script.lines.at(-1)).toMatchObject({ isResumed: true })
    const run = await endedRun(place, 'away')
    expect([run.state, run.lastStep]).toEqual(['finished', 4])
    expect(await history('away')).toEqual([1, 2, 3, 4, 5].map((a, step) => [step, a]))
  })

  it('of an unknown run is told as a refusal when the server is back, and the script is not stopped', async () => {
    await using script = begin({ options: { id: 'nobody', resume: 'must' }, steps: [log(1)] }, away())
    await until(() => script.lines.find(({ begun }) => begun), 'the script to begin')
    await open()
    expect(await script.exit()).toBe(0)
    expect(script.stderr).toMatch(/refused the run .*nobody/)
    expect(await storedRun(place, 'nobody')).toBeUndefined()
  })

  it('waits no longer than it is told for a server that says nothing', async () => {
    const silent = createServer(() => {})
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    try {
      const url = `http://127.0.0.1:${addressOf(silent).port}`
      await using script = begin(
        { options: { id: 'silent', resume: 'allow' }, steps: [log(1)], end: 'hang' },
        { ...env, KIROKU_URL: url, KIROKU_INIT_TIMEOUT: '0.5' },
      )
      await until(() => script.lines.find(({ begun }) => begun), 'the script to begin')
      expect(Number(script.lines[0]?.['tookMs'])).toBeGreaterThanOrEqual(500)
      expect(script.stderr).toContain('is found out when the server answers')
    } finally {
      silent.close()
    }
  })
})

describe('4.5 resume offline', () => {
  it('keeps the id and says that the rest is found out when it is synced', async () => {
    const { begun, stderr } = await ran(
      { options: { id: 'offline', resume: 'must' }, steps: [log(1)] },
      { ...env, KIROKU_MODE: 'offline' },
    )
    expect(begun).toMatchObject({ begun: ['offline'], isResumed: false, step: 0 })
    expect(stderr).toContain('where run offline goes on is found out when it is synced')
    expect(stderr).toMatch(/`kiroku sync .*offline` sends the run to a server/)
  })
})
