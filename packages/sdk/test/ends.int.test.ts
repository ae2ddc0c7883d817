import { testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Script } from './script.ts'
import { endedRun, type Place } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey }
})
afterAll(() => server.close())

/** From Node 24 on nothing tells of such a script before its run has ended: the run is `finished` then. */
const unsettled =
  Number(process.versions.node.split('.')[0]) < 24 ? (['failed', 13] as const) : (['finished', 0] as const)

describe('4.7 how a script ends is how all of its runs end, with the rows that were open', () => {
  const cases = [
    ['an await that nothing settles', 'unsettled', 13, ...unsettled],
    ['process.exit() in a finally', 'exitInFinally', 4, 'failed', 4],
    ['an uncaught exception', 'uncaught', 1, 'failed', 1],
    ['an unhandled rejection', 'rejected', 1, 'failed', 1],
    ['a rejection that a handler answers with an exit code', 'handledRejection', 9, 'failed', 9],
    ['an exception that a handler bears', 'handledException', 0, 'finished', 0],
    ['Ctrl-C', 'interrupted', 'SIGINT', 'failed', 255],
    ['SIGTERM', 'terminated', 'SIGTERM', 'crashed', null],
    ['SIGTERM of a machine that is taken away', 'preempted', 1, 'preempted', 1],
  ] as const
  it.each(cases)('%s', async (_, end, exit, state, exitCode) => {
    await using script = new Script('ends.mjs', [end], env)
    expect(await script.exit()).toBe(exit)
    for (const index of [0, 1]) {
      const run = await endedRun(place, await script.runId(index))
      expect(run).toMatchObject({ state, exitCode, lastStep: 3, summary: { value: 1 } })
    }
  })
})
