import { join } from 'node:path'
import timers from 'node:timers/promises'
import { client, fetchSeries, readPoints, spawnServer } from '@kiroku/testkit'
import { inTemporaryDirectory, megabytesOf, runScript } from '../processes.mjs'
import { createLiveRun, metrics, patiently, project, valueAt } from '../soak/live-run.mjs'
import { median, quantile, randomNumbers } from '../statistics.mjs'
import { aligned, rounded } from '../table.mjs'

export const ids = []
export const onRequest = ['soak.lost', 'soak.errors', 'soak.memory', 'soak.growth', 'soak.parts', 'soak.chart.p95']

const runs = 5000
const writersAtOnce = 8
const rowsPerBatch = 20
const runsPerChart = 50
/** Shares of the turns of a live run: its batch comes twice, its script ends. And of an ended one: resumed, or deleted. */
const odds = { twice: 0.01, finish: 0.02, resume: 0.5, remove: 0.1 }
/** So much of the time passes until all runs are live. */
const rampShare = 0.25
/** Of the turns meanwhile so many begin a run. */
const startShare = 0.5
/** Runs of which every point is compared at the end; of all others, how many there are. */
const comparedRuns = 250
/** When the server is killed: when all runs have begun, so that most of the time shows what a whole one's memory does. */
const crashAt = 0.3
/** From here on memory has warmed up: caches and allocators have what they keep. */
const warmAt = 0.4
const sampleEveryMs = 5000
/** Rows of the table over time. */
const tableRows = 20

/**
 * A day's life of a server in minutes: thousands of runs that are begun, log, end, are resumed, deleted and restored, while
 * charts and lists are asked for; when all have begun the server is killed with `kill -9`. Then all is read back.
 */
export async function measure({ minutes, print }) {
  return inTemporaryDirectory(async (directory) => {
    const dataDir = join(directory, 'data')
    const server = await spawnServer({ dataDir })
    try {
      const memoryAtStart = megabytesOf(server.pid(), 'VmRSS')
      const life = await live(server, minutes)
      const lost = await readBack(server, life)
      await server.stop()
      const [parts] = await runScript('engine.mjs', {
        directory: join(dataDir, 'clickhouse'),
        queries: [
          `SELECT table, count(), sum(rows), sum(bytes_on_disk) FROM system.parts
           WHERE database = 'kiroku' AND active AND rows > 0 GROUP BY table ORDER BY table`,
        ],
      })
      const tables = parts.text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t'))
      print(soakTables(life, tables, minutes))
      return resultsOf(life, lost, tables, memoryAtStart)
    } finally {
      await server[Symbol.asyncDispose]()
    }
  })
}

async function live(server, minutes) {
  const all = Array.from({ length: runs }, (_, index) => createLiveRun(server, index))
  const life = { all, batches: 0, resumed: 0, deleted: 0, restored: 0, late: 0, errors: [], charts: [], samples: [] }
  const from = performance.now()
  const wholeMs = minutes * 60_000
  const share = () => (performance.now() - from) / wholeMs
  const isOver = () => share() >= 1
  const noted = (work) =>
    work.catch((error) => {
      life.errors.push(String(error.message).split('\n')[0])
    })
  const random = randomNumbers(3)
  let started = 0
  const next = () => {
    const isTimeForMore = started < Math.min(runs, Math.ceil((share() / rampShare) * runs))
    if (started === 0 || (isTimeForMore && random() < startShare)) return all[started++]
    return all[Math.floor(random() * started)]
  }
  const write = async () => {
    while (!isOver()) {
      const run = next()
      // Its turn before is not over.
      if (run.isBusy) await timers.setTimeout(1)
      else {
        run.isBusy = true
        await noted(takeTurn(run, random, life))
        run.isBusy = false
      }
    }
  }
  const ask = async () => {
    const api = client(server)
    while (!isOver()) {
      await noted(askOnce(server, api, life, random))
      await timers.setTimeout(250)
    }
  }
  const sample = async () => {
    let before = { points: 0, at: from }
    while (!isOver()) {
      await timers.setTimeout(sampleEveryMs)
      const memory = await memoryOf(server)
      const points = pointsOf(all)
      const at = performance.now()
      life.samples.push({
        share: share(),
        minute: (at - from) / 60_000,
        memory,
        live: all.filter(({ state }) => state === 'live').length,
        rate: (1000 * (points - before.points)) / (at - before.at),
      })
      before = { points, at }
      console.error(
        `  ${rowOf(life.samples.at(-1))
          .map((cell, index) => `${columns[index]} ${cell}`)
          .join(', ')}`,
      )
    }
  }
  const crash = async () => {
    await timers.setTimeout(wholeMs * crashAt)
    await server.kill()
    await server.restart()
    console.error('  the server was killed and is back')
  }
  await Promise.all([...Array.from({ length: writersAtOnce }, write), ask(), sample(), crash()])
  return life
}

/** Megabytes: all that is in RAM, and what of it is JavaScript's heap in use and buffers; null while the server is down. */
async function memoryOf(server) {
  try {
    const { rss, heapUsed, external } = await server.memory()
    return { rss: rss / 1e6, heap: heapUsed / 1e6, buffers: external / 1e6 }
  } catch {
    return null
  }
}

async function takeTurn(run, random, life) {
  const chance = random()
  switch (run.state) {
    case 'new':
      return run.start()
    case 'live':
      life.batches++
      return run.send({ rows: rowsPerBatch, finish: chance < odds.finish, twice: random() < odds.twice })
    case 'finished':
      if (chance < odds.remove) {
        life.deleted++
        return run.delete()
      }
      if (chance > 1 - odds.resume) {
        life.resumed++
        return run.resume()
      }
      return timers.setTimeout(1)
    case 'deleted':
      if (chance > 0.1) return timers.setTimeout(1)
      life.restored++
      return run.restore()
  }
}

/** What a dashboard asks for: a page of runs, and a chart of some of them. */
async function askOnce(server, api, life, random) {
  const path = { organization: server.organization, project }
  // The first run makes the project.
  if (!life.all.some(({ acknowledged }) => acknowledged > 0)) return
  await patiently(() => api.runs.list.query({ ...path, limit: 200 }))
  const seen = life.all.filter(({ state, acknowledged }) => state !== 'deleted' && acknowledged > 0)
  const first = Math.floor(random() * Math.max(1, seen.length - runsPerChart))
  const asked = seen.slice(first, first + runsPerChart)
  const deletions = asked.map((run) => run.deletions)
  const series = asked.map(({ slug }) => ({ run: slug, metric: 'loss' }))
  const before = performance.now()
  try {
    await patiently(() => fetchSeries(server, { ...path, series, x: { kind: 'step' }, width: 1000 }))
  } catch (error) {
    // What a chart names must be there: of a run that was deleted since, the server says that there is none.
    const gone = asked.find(({ slug }) => error.message.includes(`"there is no run ${slug}"`))
    if (gone === undefined || gone.deletions === deletions[asked.indexOf(gone)]) throw error
    life.late++
    return
  }
  life.charts.push(performance.now() - before)
}

/** Counts the points that were acknowledged and are not there, or are others. */
async function readBack(server, { all, errors }) {
  const path = { organization: server.organization, project }
  const kept = all.filter(({ state, acknowledged }) => state !== 'deleted' && acknowledged > 0)
  if (kept.length === 0) throw new Error('nothing was acknowledged in this time: give it more --minutes')
  console.error(`  reading back ${rounded(pointsOf(kept))} points of ${kept.length} runs ...`)
  let lost = 0
  for (let from = 0; from < kept.length; from += runsPerChart) {
    const some = kept.slice(from, from + runsPerChart)
    for (const metric of metrics) {
      const series = some.map(({ slug }) => ({ run: slug, metric }))
      const answer = await fetchSeries(server, { ...path, series, x: { kind: 'step' }, width: 1000 })
      lost += some.reduce(
        (sum, { acknowledged }, index) => sum + Math.abs(acknowledged - answer.series[index].count),
        0,
      )
    }
  }
  for (const { slug, index } of kept.slice(0, comparedRuns)) {
    for (const [metric, name] of metrics.entries()) {
      const { steps, values } = await readPoints(server, { ...path, run: slug, metric: name })
      steps.forEach((step, row) => {
        if (step !== row || values[row] !== valueAt(index, metric, step)) lost++
      })
    }
  }
  if (lost > 0) errors.push(`${lost} points are missing or wrong`)
  return lost
}

const pointsOf = (some) => some.reduce((sum, { acknowledged }) => sum + acknowledged * metrics.length, 0)

function resultsOf({ all, charts, errors, samples, batches }, lost, tables, memoryAtStart) {
  const megabytes = samples.flatMap(({ memory }) => (memory === null ? [] : [memory.rss]))
  const warm = samples.filter(({ share, memory }) => share >= warmAt && memory !== null).map(({ memory }) => memory)
  const [first, last] = [warm.slice(0, Math.ceil(warm.length / 3)), warm.slice(-Math.ceil(warm.length / 3))]
  return [
    {
      id: 'soak.lost',
      value: lost,
      unit: 'points',
      target: '<= 0',
      yardstick: { name: 'points that were acknowledged', value: pointsOf(all) },
    },
    {
      id: 'soak.errors',
      value: errors.length,
      unit: 'errors',
      target: '<= 0',
      yardstick: { name: 'batches', value: batches },
    },
    {
      id: 'soak.memory',
      value: Math.max(...megabytes),
      samples: megabytes,
      unit: 'MB at most',
      target: null,
      yardstick: { name: 'the server at its start', value: memoryAtStart },
    },
    {
      id: 'soak.growth',
      value: median(last.map(({ rss }) => rss)) / median(first.map(({ rss }) => rss)),
      unit: 'times, last third over first',
      target: '<= 1.1',
      // What the collector left, so that it does not matter when it last ran.
      yardstick: { name: 'of the heap at its least', value: leastHeap(last) / leastHeap(first) },
    },
    {
      id: 'soak.parts',
      value: tables.reduce((sum, [, parts]) => sum + Number(parts), 0),
      unit: 'parts',
      target: null,
      yardstick: { name: 'tables with rows', value: tables.length },
    },
    {
      id: 'soak.chart.p95',
      value: quantile(charts, 0.95),
      samples: charts,
      unit: `ms, ${runsPerChart} runs`,
      target: null,
      yardstick: { name: 'the median of the same', value: quantile(charts, 0.5) },
    },
  ]
}

const leastHeap = (memories) => Math.min(...memories.map(({ heap }) => heap))

const columns = ['minute', 'server, MB', 'heap, MB', 'buffers, MB', 'live runs', 'points/s']

function rowOf({ minute, memory, live: count, rate }) {
  const cells = memory === null ? ['down', '-', '-'] : [memory.rss, memory.heap, memory.buffers].map(rounded)
  return [minute.toFixed(1), ...cells, String(count), rounded(rate)]
}

function soakTables({ all, batches, resumed, deleted, restored, late, errors, samples }, tables, minutes) {
  const begun = all.filter(({ state }) => state !== 'new').length
  const each = Math.max(1, Math.floor(samples.length / tableRows))
  return [
    `${minutes} minutes of ${begun} runs: ${rounded(pointsOf(all))} points in ${rounded(batches)} batches, ${resumed} resumed, ${deleted} deleted, ${restored} restored, ${errors.length} errors`,
    ...(late > 0 ? [`${late} charts named a run that was deleted while they were asked for, and were told so`] : []),
    ...[...new Set(errors)].slice(0, 10).map((error) => `  ${error}`),
    '',
    aligned([columns, ...samples.filter((_, index) => index % each === each - 1).map(rowOf)]),
    '',
    aligned([
      ['table', 'parts', 'rows', 'MB'],
      ...tables.map(([table, parts, rows, bytes]) => [
        table,
        parts,
        rounded(Number(rows)),
        rounded(Number(bytes) / 1e6),
      ]),
    ]),
  ].join('\n')
}
