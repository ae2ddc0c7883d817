import { existsSync } from 'node:fs'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { spawnServer } from '@kiroku/testkit'
import { describe, expect, it } from 'vitest'
import { findRuns, syncRun } from '../src/sync/index.ts'
import { randomNumbers } from './random-numbers.ts'
import { Script } from './script.ts'
import { endedRun, expectRows } from './stored-run.ts'

const kills = 100
const killsInRound = 5
const scriptsInRound = 3
const rows = 700
/** Kills come within this time of a round's beginning, in which the scripts log for the most part. */
const roundMs = 1500

/**
 * What was logged so long before a script was killed must be there. A tenth of a second is the promise, which other tests
 * hold it to; here three scripts, their sidecars and a recovering server share the processors, and a thread may wait for them.
 */
const graceMs = 1500

/** What became of one script. */
type Fate = { script: Script; wasKilledAt: number | undefined }

describe('script, sidecar and server killed at random, a hundred times', () => {
  it('lose nothing that was acknowledged, double nothing, and leave each run in its right state', {
    timeout: 600_000,
  }, async () => {
    const seed = Date.now() % 1_000_000
    console.log(`seed ${seed}`)
    const random = randomNumbers(seed)
    await using server = await spawnServer()
    const env = { KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey, KIROKU_LINGER_SECONDS: '60' }
    const fates: Fate[] = []
    await using _scripts = { [Symbol.asyncDispose]: () => disposeAll(fates) }
    for (let done = 0; done < kills; done += killsInRound) {
      const round = Array.from({ length: scriptsInRound }, (): Fate => {
        return {
          script: new Script('train.mjs', ['--rows', String(rows), '--pause', '1'], env),
          wasKilledAt: undefined,
        }
      })
      fates.push(...round)
      await Promise.all([
        ...Array.from({ length: killsInRound - 1 }, async (_, kill) => {
          const fate = round[Math.floor(random() * scriptsInRound)]
          await timers.setTimeout(random() * roundMs)
          if (fate !== undefined) await (kill % 2 === 0 ? killScript(fate) : killSidecar(fate, random))
        }),
        (async () => {
          await timers.setTimeout(random() * roundMs)
          await server.kill()
          await timers.setTimeout(random() * 500)
          await server.restart()
        })(),
      ])
      await Promise.all(round.map(({ script }) => script.exit()))
    }
    expect(fates.filter(({ wasKilledAt }) => wasKilledAt !== undefined).length).toBeGreaterThan(kills / 5)
    for (const fate of fates) await expectFate(fate, server)
  })
})

async function disposeAll(fates: readonly Fate[]): Promise<void> {
  for (const { script } of fates) await script[Symbol.asyncDispose]()
}

async function killScript(fate: Fate): Promise<void> {
  if (fate.script.child.exitCode !== null || fate.script.child.signalCode !== null) return
  const at = Date.now()
  if (fate.script.child.kill('SIGKILL')) fate.wasKilledAt ??= at
}

/** Kills the script's sidecar, and at times the one that takes its place as well. */
async function killSidecar({ script }: Fate, random: () => number): Promise<void> {
  for (let kills = random() < 0.3 ? 2 : 1; kills > 0; kills--) {
    for (const pid of script.sidecars()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself a moment ago.
      }
    }
    await timers.setTimeout(random() * 400)
  }
}

/** What the local log has must be on the server, at the latest when it was synced as its owner would. */
async function expectFate(
  { script, wasKilledAt }: Fate,
  server: Awaited<ReturnType<typeof spawnServer>>,
): Promise<void> {
  const id = script.lines.find(({ begun }) => begun !== undefined)?.begun?.[0]
  const leastRow = wasKilledAt === undefined ? rows - 1 : script.lastLogged(wasKilledAt - graceMs)
  const [directory] = script.runDirectories()
  // A script that was killed as it began may have left an empty log, or none.
  if (id === undefined || directory === undefined || findRuns(directory).length === 0) {
    expect(leastRow).toBe(-1)
    return
  }
  if (!existsSync(join(directory, 'synced'))) {
    await syncRun({ directory, url: server.url, apiKey: server.apiKey })
  }
  const run = await endedRun(server, id)
  const isWhole = (await script.exit()) === 0
  const hasEnded = script.lines.some(({ ended }) => ended)
  const ends = [...(hasEnded ? ['finished 0'] : []), ...(isWhole ? [] : ['crashed null'])]
  expect(ends).toContain(`${run.state} ${run.exitCode}`)
  expect(await expectRows(server, id, isWhole ? rows : undefined)).toBeGreaterThan(leastRow)
}
