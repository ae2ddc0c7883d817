import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { client, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Script } from './script.ts'
import { endedRun, type Place } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
beforeAll(async () => {
  server = await testServer()
})
beforeEach(async () => {
  place = await testOrganization(server)
})
afterAll(() => server.close())

/** Runs the script; answers what the server has of its console, and what it really printed. */
async function printed(words: readonly string[], env: Record<string, string> = {}) {
  await using script = new Script('printing.mjs', words, {
    KIROKU_URL: place.url,
    KIROKU_API_KEY: place.apiKey,
    ...env,
  })
  const code = await script.exit()
  await endedRun(place, 'printing')
  const address = { organization: place.organization, project: 'demo', run: 'printing' }
  const { lines } = await client(place).console.byRun.query(address)
  const stdout = readFileSync(join(script.directory, 'stdout'), 'utf8')
  return { code, lines: lines.map(({ stream, text }) => [stream, text]), stdout, stderr: script.stderr }
}

const expected = [
  ['stdout', 'hello world'],
  ['stdout', 'training 100%'],
  ['stderr', expect.stringContaining('red')],
  ['stdout', '日本語'],
  ['stdout', 'with a callback'],
]

describe('6.1 what a script prints', () => {
  it('arrives line by line, a progress bar as its last state, and without what Kiroku says itself', async () => {
    const { code, lines, stdout, stderr } = await printed([])
    expect(code).toBe(0)
    expect(lines).toEqual(expected)
    expect(stdout).toContain('before the run\nhello world\n\rtraining 0%\rtraining 10%')
    expect(stdout).toContain('日本語\nwith a callback\nafter the run\n')
    expect(stderr).toContain('\u001b[31mred\u001b[0m alert\n')
    expect(stderr).toContain('kiroku: ')
  })

  it('ends with the error that ended the script', async () => {
    const { code, lines, stderr } = await printed(['throw'])
    expect(code).toBe(1)
    expect(lines.slice(0, 5)).toEqual(expected)
    expect(lines[5]).toEqual(['stderr', 'Uncaught Error: the training went wrong'])
    expect(lines[6]?.[1]).toMatch(/^ {4}at .*printing\.mjs:/)
    expect(stderr.match(/the training went wrong/g)).toHaveLength(2)
  })

  it('is not recorded when that is switched off', async () => {
    expect((await printed(['finish', 'no'])).lines).toEqual([])
  })

  it('is not recorded when the environment says so', async () => {
    expect((await printed([], { KIROKU_CONSOLE: 'off' })).lines).toEqual([])
  })
})
