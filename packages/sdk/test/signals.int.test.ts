import { client, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

const listeners = (script: Script): unknown =>
  script.lines.findLast(({ listeners: count }) => count !== undefined)?.listeners

describe('4.7 Ctrl-C', () => {
  it('ends the run as failed with code 255 and every row, and the script dies of it as ever', async () => {
    await using script = new Script('signals.mjs', [], env)
    await until(() => listeners(script) === 1 || undefined, 'the loop to be trusted')
    script.child.kill('SIGINT')
    expect(await script.exit()).toBe('SIGINT')
    const run = await endedRun(place, await script.runId())
    expect([run.state, run.exitCode]).toEqual(['failed', 255])
    expect(await expectRows(place, run.slug)).toBeGreaterThan(script.lastLogged())
  })

  it('kills a loop that lets go of its thread no more at once, and the run has crashed', async () => {
    await using script = new Script('signals.mjs', ['--still'], env)
    await until(() => script.lines.some((line) => line['listeners'] === 1) || undefined, 'the loop to be trusted')
    await until(() => listeners(script) === 0 || undefined, 'the loop not to be trusted any more')
    script.child.kill('SIGINT')
    expect(await script.exit()).toBe('SIGINT')
    const run = await endedRun(place, await script.runId())
    expect([run.state, run.exitCode]).toEqual(['crashed', null])
  })

  it('is left to a script that listens itself', async () => {
    await using script = new Script('signals.mjs', ['--listener'], env)
    await script.logged(300)
    expect(listeners(script)).toBe(1)
    script.child.kill('SIGINT')
    expect(await script.exit()).toBe(6)
    expect(script.lines.at(-1)).toMatchObject({ heard: 1 })
    const run = await endedRun(place, await script.runId())
    expect([run.state, run.exitCode]).toEqual(['failed', 6])
    await expectRows(place, run.slug)
  })
})

describe('a stop that somebody asks for', () => {
  const stop = async (script: Script) => {
    const run = await script.runId()
    await script.logged(50)
    await until(() => storedRun(place, run), 'the server to know the run')
    const address = { organization: place.organization, project: 'demo', run }
    expect((await client(place).runs.stop.mutate(address)).stopAskedAt).toBeGreaterThan(0)
    return run
  }

  it.each([[[]], [['--still']]])(
    'interrupts the script, with the flags %j, and the run is killed with every row',
    async (flags) => {
      await using script = new Script('signals.mjs', flags, env)
      const id = await stop(script)
      expect(await script.exit()).toBe('SIGINT')
      const run = await endedRun(place, id)
      expect(run.state).toBe('killed')
      expect(await expectRows(place, id)).toBeGreaterThan(script.lastLogged())
    },
  )

  it.each([[['--signal']], [['--signal', '--still']]])(
    'is left to a script that reads the signal, with the flags %j, which ends by itself',
    async (flags) => {
      await using script = new Script('signals.mjs', flags, env)
      const id = await stop(script)
      expect(await script.exit()).toBe(0)
      expect(script.lines.at(-1)).toMatchObject({ heard: 'AbortError' })
      const run = await endedRun(place, id)
      expect(run).toMatchObject({ state: 'killed', exitCode: 0 })
      expect(run.summary['saved']).toBe(await expectRows(place, id))
    },
  )

  it('is left to a listener of the script, once', async () => {
    await using script = new Script('signals.mjs', ['--listener'], env)
    const id = await stop(script)
    expect(await script.exit()).toBe(6)
    expect(await endedRun(place, id)).toMatchObject({ state: 'killed', exitCode: 6 })
  })

  it('does not reach a script that goes on with the run later', async () => {
    await using script = new Script('signals.mjs', [], env)
    const id = await stop(script)
    expect(await script.exit()).toBe('SIGINT')
    await endedRun(place, id)
    const again = {
      project: 'demo',
      run: id,
      writer: 'later00000000000',
      startedAt: Date.now(),
      resume: 'must',
    } as const
    await client(place).runs.create.mutate(again)
    expect(await storedRun(place, id)).toMatchObject({ state: 'running', stopAskedAt: null })
  })
})
