import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { scheduler } from 'node:timers/promises'
import { routes } from '@kiroku/core/routes'
import { decodeSeriesAnswer } from '@kiroku/core/series'
import { median } from '../statistics.mjs'
import { projectOf, slugOf } from './dataset.mjs'

const atLeast = 3
const atMost = 15
/** What takes longer is asked for once: its spread says nothing that matters. */
const tooLongMs = 5000

/** The server takes longer for a chart than it allows itself. */
class GivenUp extends Error {}

/** Between two charts, in milliseconds: what either process has to tidy up is over then, and takes nothing from the next. */
const pauseMs = 20
const agent = new Agent({ keepAlive: true })

/**
 * Asks for the chart of a whole set of runs, or for a window of it; answers the bytes, if they are to be kept, and the server's own time
 * in milliseconds, which the answer's `server-timing` tells. The answer is read piece by piece, without a copy of it: `fetch` takes
 * as much of the processor for it as the server does for the chart.
 */
export async function askChart(server, set, { width, range }, keeps = true) {
  const body = JSON.stringify({
    organization: server.organization,
    project: projectOf(set),
    series: Array.from({ length: set.runs }, (_, run) => ({ run: slugOf(run), metric: 'loss' })),
    x: { kind: 'step' },
    width,
    range,
    // As the dashboard asks.
    times: set.runs <= 50,
  })
  const headers = { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' }
  const asked = request(server.url + routes.series, { method: 'POST', headers, agent })
  asked.end(body)
  const [response] = await once(asked, 'response')
  const pieces = []
  for await (const piece of response) if (keeps || response.statusCode !== 200) pieces.push(piece)
  if (response.statusCode === 503) throw new GivenUp(`the server gave up: ${Buffer.concat(pieces)}`)
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${Buffer.concat(pieces)}`)
  const ms = Number(/total;dur=([\d.]+)/.exec(response.headers['server-timing'] ?? '')?.[1])
  if (!Number.isFinite(ms)) throw new Error('the answer does not tell the time that it took')
  return { ms, bytes: keeps ? new Uint8Array(Buffer.concat(pieces)) : null }
}

/**
 * The server times of charts that are asked for in turn, so that a slow moment of the machine meets all alike: three times each at least
 * (what takes seconds: once), fifteen at most, for about `budgetMs` a chart; and the first answer of each. Of a chart that the server gives
 * up, how long that took, and no answer. Throws when an answer does not stand for every point.
 */
export async function chartTimes(server, charts, budgetMs = 3000) {
  const found = charts.map(() => ({ times: [], bytes: null, isGivenUp: false }))
  const from = performance.now()
  for (let round = 0; round < atMost; round++) {
    if (round >= atLeast && performance.now() - from > budgetMs * charts.length) break
    for (const [index, { set, request }] of charts.entries()) {
      const chart = found[index]
      if (chart.isGivenUp || chart.times[0] > tooLongMs) continue
      const { ms, bytes, isGivenUp = false } = await askOrGivenUp(server, set, request, round === 0)
      if (bytes) checkCount(set, request, bytes)
      if (round === 0 || isGivenUp) Object.assign(chart, { bytes, isGivenUp })
      chart.times.push(ms)
      await scheduler.wait(pauseMs)
    }
  }
  return found
}

async function askOrGivenUp(server, set, request, keeps) {
  const asked = performance.now()
  try {
    return await askChart(server, set, request, keeps)
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error
    console.error(`  ${error.message}`)
    return { ms: performance.now() - asked, bytes: null, isGivenUp: true }
  }
}

/** The whole has every point; a window has at least its own, since the buckets at its ends come whole. */
function checkCount(set, { range }, bytes) {
  const expected = range ? Math.floor(range.to) - Math.ceil(range.from) + 1 : set.steps
  for (const { run, count } of decodeSeriesAnswer(bytes).series)
    if (range ? count < expected : count !== expected)
      throw new Error(`the chart has ${count} of ${expected} points of ${run}`)
}

/**
 * Waits until a chart stops to get faster: merges, and whatever else the server does with points after it acknowledged
 * them, are done by then. Says so when that has not come about after `timeoutMs`.
 */
export async function settle(server, set, { width = 1000, timeoutMs = 90_000 } = {}) {
  const from = performance.now()
  const round = async () => {
    const [{ times }] = await chartTimes(server, [{ set, request: { width } }], 1000)
    return median(times)
  }
  let best = await round()
  for (let calm = 0; calm < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const now = await round()
    calm = now > best * 0.9 ? calm + 1 : 0
    best = Math.min(best, now)
    if (calm < 3 && performance.now() - from > timeoutMs)
      return console.error(`  the chart was still getting faster after ${timeoutMs / 1000} s`)
  }
}

/**
 * Asks for several charts in turn until a round of them stops to get faster: a server that has just started compiles what it runs for
 * hundreds of requests. Answers what each took when it was asked for first.
 */
export async function firstTimes(server, set, requests, timeoutMs = 60_000) {
  const round = async () => {
    const times = []
    for (const request of requests) {
      times.push((await askChart(server, set, request, false)).ms)
      await scheduler.wait(pauseMs)
    }
    return times
  }
  const from = performance.now()
  const first = await round()
  let best = median(first)
  for (let calm = 0; calm < 3 && performance.now() - from < timeoutMs; ) {
    const now = median(await round())
    calm = now > best * 0.9 ? calm + 1 : 0
    best = Math.min(best, now)
  }
  return first
}

/** Windows at several places, unaligned: 50 %, 10 %, 1 % and 0.1 % of the steps. */
export function windowsOf(steps) {
  const last = steps - 1
  return [0.5, 0.1, 0.01, 0.001].flatMap((share) =>
    [0, 0.3183, 0.7193, 1].map((place) => {
      const from = Math.floor((last - last * share) * place)
      return { share, place, range: { from, to: from + Math.max(1, Math.floor(last * share)) } }
    }),
  )
}
