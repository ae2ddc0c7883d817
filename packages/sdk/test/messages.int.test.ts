import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changeSettings } from '../src/settings-file.ts'
import { type Beginning, begin, ran } from './beginning.ts'
import { endedRun, type Place, storedRun } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let dir: string
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
})
afterAll(() => server.close())
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kiroku-messages-'))
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey, KIROKU_DIR: dir }
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const course: NonNullable<Beginning['steps']> = [0.5, 1.2, 3.5, 7.3, 8, 12.5, 13.2, 15, 14.2, 11.8, 6.1, 1.9].map(
  (loss) => ({
    log: [{ loss, constant: 1 }],
  }),
)
const told = (stderr: string): string[] => stderr.split('\n').map((line) => line.replaceAll(dir, 'DIR'))
const localData = /^kiroku: local data: DIR\/runs\/run-\d{8}_\d{6}-spoken$/

describe('7.7 messages', () => {
  it('say where the run is at its start, and how it went at its end, plainly', async () => {
    const { stderr } = await ran(
      { options: { id: 'spoken', name: 'calm river' }, steps: [...course, { isKnown: true }] },
      env,
    )
    await endedRun(place, 'spoken')
    const page = `kiroku: run calm river: ${place.url}/${place.organization}/demo/runs/spoken`
    const lines = told(stderr)
    expect(lines[0]).toMatch(localData)
    // The one of the start is told by another thread, which may come after the end of a short script.
    expect(lines.filter((line) => line === page)).toHaveLength(2)
    expect(lines.slice(1, -1).filter((line) => line !== page)).toEqual([
      'kiroku:',
      'kiroku: Run history:',
      'kiroku:   constant ▁▁▁▁▁▁▁▁▁▁▁▁',
      'kiroku:       loss ▁▁▂▄▅▇▇██▆▄▂',
      'kiroku:',
      'kiroku: Run summary:',
      'kiroku:   constant 1',
      'kiroku:       loss 1.9',
      'kiroku:',
      expect.stringMatching(localData),
    ])
    expect(stderr).not.toContain('\u001b')
  })

  it('say once that finish() waits for a server that is away, and for how long', async () => {
    const away = { KIROKU_URL: 'http://127.0.0.1:9', KIROKU_FINISH_TIMEOUT: '11', KIROKU_LINGER_SECONDS: '0' }
    const { stderr } = await ran({ options: { id: 'unheard' }, steps: course }, { ...env, ...away })
    expect(stderr.match(/sending:.*|waiting.*/g)).toEqual([
      'waiting for the server, 11 s at most; the rest is sent later',
    ])
  })

  it('that nobody reads any more do the script no harm', async () => {
    const steps: Beginning['steps'] = [
      { pause: 300 },
      { log: [{ a: 1 }, { step: 5 }] },
      { log: [{ a: 1 }, { step: 4 }] },
    ]
    await using script = begin({ options: { id: 'unread' }, steps: [...steps, { pause: 300 }] }, env)
    script.child.stderr?.destroy()
    expect(await script.exit()).toBe(0)
    expect(script.lines.some(({ done }) => done !== undefined)).toBe(true)
    expect((await endedRun(place, 'unread')).state).toBe('finished')
  })

  it('say of a run that goes on where it does, and draw only what was logged since', async () => {
    await ran({ options: { id: 'spoken', resume: 'allow', name: 'calm river' }, steps: [{ log: [{ a: 1 }] }] }, env)
    const { stderr } = await ran({ options: { id: 'spoken', resume: 'must' }, steps: [{ log: [{ loss: 2 }] }] }, env)
    const lines = told(stderr)
    expect(lines.filter((line) => /goes on at step \d+$/.test(line))).toHaveLength(1)
    expect(lines.find((line) => line.includes('loss ▁'))).toMatch(/ loss ▁$/)
  })

  it('are but the warnings when quiet, and none when silent', async () => {
    const steps: Beginning['steps'] = [{ log: [{ a: 1 }, { step: 5 }] }, { log: [{ a: 1 }, { step: 1 }] }]
    const quiet = await ran({ options: { id: 'quiet', resume: 'allow' }, steps }, { ...env, KIROKU_QUIET: '1' })
    expect(quiet.stderr).toMatch(/^kiroku: step 1 is below the current step 5[^\n]*\n$/)
    changeSettings(dir, { quiet: true })
    expect((await ran({ options: { id: 'quiet', resume: 'must' } }, env)).stderr).toBe('')
    changeSettings(dir, { quiet: null })
    const silent = await ran({ options: { id: 'quiet', resume: 'allow' }, steps }, { ...env, KIROKU_SILENT: '1' })
    expect(silent.stderr).toBe('')
  })

  it('say how a run that stays here is sent', async () => {
    const { stderr } = await ran({ options: { id: 'here', mode: 'offline' }, steps: course }, env)
    const lines = told(stderr)
    expect(lines[0]).toMatch(/^kiroku: offline: the run is kept in DIR\/runs\/run-[\d_]+-here \(`kiroku sync` sends it/)
    expect(lines.at(-2)).toMatch(/^kiroku: `kiroku sync DIR\/runs\/run-[\d_]+-here` sends the run to a server$/)
  })
})

describe('4.2 the settings of a workspace', () => {
  it('are those of every run there that is not told otherwise', async () => {
    changeSettings(dir, { mode: 'disabled' })
    const disabled = await ran({ options: { id: 'set' }, steps: course }, env)
    expect([disabled.code, disabled.stderr, existsSync(join(dir, 'runs'))]).toEqual([0, '', false])
    changeSettings(dir, { mode: 'offline', group: 'of the workspace' })
    expect((await ran({ options: { id: 'set' }, steps: course }, env)).begun).toMatchObject({
      group: 'of the workspace',
    })
    expect(await storedRun(place, 'set')).toBeUndefined()
    await ran({ options: { id: 'set' }, steps: course }, { ...env, KIROKU_MODE: 'online' })
    expect(await endedRun(place, 'set')).toMatchObject({ group: 'of the workspace' })
  })
})
