import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { client, readPoints, until } from '@kiroku/testkit'
import { inTemporaryDirectory, startScript, withServer } from '../processes.mjs'

export const ids = ['crash.lost']

const kills = 5
const bytesPerRow = 8

/**
 * `kill -9` of a script that logs without one turn of its event loop: how much of its logging is missing afterwards, as
 * the time between the last row that is stored and the last that was logged. The worst of several kills.
 */
export async function measure() {
  const losses = await withServer(async (server) => {
    const found = []
    for (let kill = 0; kill < kills; kill++) found.push(await killOnce(server, `crash${kill}`, 700 + 230 * kill))
    return found
  })
  const worst = losses.reduce((most, loss) => (loss.lostMs > most.lostMs ? loss : most))
  console.error(
    `  rows logged, rows lost: ${losses.map(({ logged, lost }) => `${logged}, ${lost}`).join('; ')}; ` +
      `the stream lost ${losses.map(({ streamLost }) => streamLost).join(', ')}`,
  )
  return [
    {
      id: 'crash.lost',
      value: worst.lostMs,
      unit: 'ms of logging',
      target: '<= 100',
      yardstick: {
        name: 'a buffered write stream',
        value: Math.max(...losses.map(({ streamLostMs }) => streamLostMs)),
      },
    },
  ]
}

function killOnce(server, run, afterMs) {
  return inTemporaryDirectory(async (directory) => {
    const times = join(directory, 'times.bin')
    const child = startScript(
      'crash-script.mjs',
      { directory, run },
      { KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey },
    )
    const exit = once(child, 'exit')
    await until(() => {
      if (statSync(times).size < 10 * bytesPerRow) throw new Error('nothing was logged yet')
    })
    await timers.setTimeout(afterMs)
    child.kill('SIGKILL')
    await exit
    const logged = new Float64Array(new Uint8Array(readFileSync(times)).buffer)
    const address = { organization: server.organization, project: 'bench', run }
    await until(async () => {
      const { state } = await client(server).runs.byId.query(address)
      if (state === 'running') throw new Error('the run is still running')
    }, 60_000)
    const { steps } = await readPoints(server, { ...address, metric: 'row' })
    steps.forEach((step, index) => {
      if (step !== index) throw new Error(`row ${index} is missing`)
    })
    const streamed = readFileSync(join(directory, 'stream.jsonl'), 'utf8').split('\n').length - 1
    return {
      logged: logged.length,
      lost: logged.length - steps.length,
      lostMs: between(logged, steps.length),
      streamLost: logged.length - streamed,
      streamLostMs: between(logged, streamed),
    }
  })
}

/** Milliseconds from the last kept row to the last logged one. The row under way at the kill may be kept as well. */
function between(logged, kept) {
  const last = logged.at(-1) ?? 0
  return kept >= logged.length ? 0 : last - (logged[Math.max(0, kept - 1)] ?? last)
}
