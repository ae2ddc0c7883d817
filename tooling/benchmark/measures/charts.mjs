import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { spawnServer } from '@kiroku/testkit'
import { checkAnswers } from '../charts/check.mjs'
import { lossOf } from '../charts/curves.mjs'
import { openDatasets, projectOf } from '../charts/dataset.mjs'
import { chartTimes, firstTimes, settle, windowsOf } from '../charts/requests.mjs'
import { inTemporaryDirectory, megabytesOf, runScript } from '../processes.mjs'
import { median } from '../statistics.mjs'
import { aligned, rounded } from '../table.mjs'

const [k, M] = [1000, 1_000_000]
/** Each chart of all runs of a set at once, 1000 buckets a run; those without a target show how the cost grows. */
const charts = [
  { id: 'chart.1x10k', set: { runs: 1, steps: 10 * k } },
  { id: 'chart.1x100k', set: { runs: 1, steps: 100 * k } },
  { id: 'series.1x1M', set: { runs: 1, steps: M }, target: '<= 10' },
  { id: 'chart.1x10M', set: { runs: 1, steps: 10 * M } },
  { id: 'chart.200x10k', set: { runs: 200, steps: 10 * k } },
  { id: 'chart.200x100k', set: { runs: 200, steps: 100 * k } },
  { id: 'series.200x1M', set: { runs: 200, steps: M }, target: '<= 60' },
]
const large = charts[charts.length - 1].set
const small = charts[4].set
/** What each of the other ids needs loaded. */
const needs = {
  'series.growth': [small, large],
  'series.zoom': [large],
  'large.whole': [large],
  'large.zoom': [large],
  'large.extremes': [large],
  'server.memory': [],
  'server.parts': [],
}
const width = 1000
const largeWidth = 2000
/** What was sent is made again to check answers by: of so many at once. */
const answersAtOnce = 5

export const ids = [...charts.map(({ id }) => id), 'series.growth', 'series.zoom', 'server.memory', 'server.parts']
export const onRequest = ['large.whole', 'large.zoom', 'large.extremes']

/** What charts cost on a server that holds up to 200 runs of a million steps; with `--data` in a directory that stays. */
export function measure(context) {
  return context.data === undefined
    ? inTemporaryDirectory((directory) => measureIn(directory, context))
    : measureIn(context.data, context)
}

async function measureIn(directory, { ids: wanted, print }) {
  const datasets = openDatasets(directory)
  const isReused = existsSync(datasets.serverDirectory)
  const server = await spawnServer({ dataDir: datasets.serverDirectory })
  try {
    const memoryAtStart = megabytesOf(server.pid(), 'VmRSS')
    const asked = charts.filter(({ id, set }) => wanted.includes(id) || wanted.some((one) => needs[one]?.includes(set)))
    const rates = []
    for (const { set } of asked) {
      const rate = await datasets.load(server, set)
      if (rate !== null) rates.push({ set, rate })
      await settle(server, set)
      console.error(`  ${projectOf(set)} is settled`)
    }
    const found = await chartTimes(
      server,
      asked.map(({ set }) => ({ set, request: { width } })),
    )
    const times = new Map(found.map((of, index) => [asked[index].set, of.times]))
    const zoom = wanted.includes('series.zoom') ? await zooms(server, large, width) : null
    const checked = wanted.some((id) => onRequest.includes(id)) ? await checkedCharts(server) : null
    const memory = { now: megabytesOf(server.pid(), 'VmRSS'), most: megabytesOf(server.pid(), 'VmHWM') }
    await server.stop()
    const engine = await askEngine(datasets.serverDirectory, asked)

    if (times.size > 1) print(growthTable(asked, times, engine.scans))
    print(storeTable(engine.tables, memory, rates, isReused))
    if (zoom) print(zoomTable('any window of 200 runs x 1 M steps, 1000 buckets a run', zoom))
    if (checked) print(zoomTable('200 runs x 1 M steps at 2000 px: the whole, and windows', checked))
    return results({ asked, times, zoom, checked, memory, memoryAtStart, engine })
  } finally {
    await server[Symbol.asyncDispose]()
  }
}

function results({ asked, times, zoom, checked, memory, memoryAtStart, engine }) {
  const scanOf = (set) => ({ name: 'full scan of the raw points', value: engine.scans.get(set) })
  const found = asked.map(({ id, set, target = null }) => ({
    id,
    samples: times.get(set),
    unit: 'ms',
    target,
    yardstick: scanOf(set),
  }))
  if (times.has(small) && times.has(large)) {
    const of = (set) => median(times.get(set))
    found.push({
      id: 'series.growth',
      value: of(large) / of(small),
      unit: 'times',
      target: '<= 2',
      yardstick: { name: 'the growth of a full scan', value: engine.scans.get(large) / engine.scans.get(small) },
    })
  }
  if (zoom) found.push({ ...worstOf(zoom), id: 'series.zoom', target: '<= 50', yardstick: scanOf(large) })
  if (checked) {
    const [whole, ...windows] = checked
    found.push(
      { id: 'large.whole', samples: whole.times, unit: 'ms', target: '<= 100', yardstick: scanOf(large) },
      { ...worstOf(windows), id: 'large.zoom', target: '<= 50', yardstick: scanOf(large) },
      {
        id: 'large.extremes',
        value: checked.reduce((sum, { found: { lost, wrong } }) => sum + lost + wrong, 0),
        unit: 'lost or wrong',
        target: '<= 0',
        yardstick: { name: 'series and windows that were checked', value: checked.length * large.runs },
      },
    )
  }
  const parts = engine.tables.reduce((sum, table) => sum + table.parts, 0)
  found.push(
    {
      id: 'server.memory',
      value: memory.most,
      unit: 'MB at most',
      target: null,
      yardstick: { name: 'the server at its start', value: memoryAtStart },
    },
    {
      id: 'server.parts',
      value: parts,
      unit: 'parts',
      target: null,
      yardstick: { name: 'tables with rows', value: engine.tables.length },
    },
  )
  return found
}

const worstOf = (windows) => ({
  samples: windows.reduce((worst, one) => (median(one.times) > median(worst.times) ? one : worst)).times,
  unit: 'ms, the worst',
})

async function zooms(server, set, pixels) {
  const windows = windowsOf(set.steps)
  const first = await firstTimes(
    server,
    set,
    windows.map(({ range }) => ({ width: pixels, range })),
  )
  const measured = await chartTimes(
    server,
    windows.map(({ range }) => ({ set, request: { width: pixels, range } })),
    1000,
  )
  return windows.map(({ share, place }, index) => ({ share, place, first: first[index], times: measured[index].times }))
}

/** The whole and its windows at the width of a large screen, each compared with what was sent, point by point. */
async function checkedCharts(server) {
  const asked = [{ share: 1, place: 0, range: undefined }, ...windowsOf(large.steps)]
  const first = await firstTimes(
    server,
    large,
    asked.map(({ range }) => ({ width: largeWidth, range })),
  )
  const measured = await chartTimes(
    server,
    asked.map(({ range }) => ({ set: large, request: { width: largeWidth, range } })),
    1000,
  )
  const checked = []
  for (let from = 0; from < asked.length; from += answersAtOnce) {
    const answers = asked
      .slice(from, from + answersAtOnce)
      .map((window, index) => ({ ...window, ...measured[from + index] }))
    const found = checkAnswers(large, answers, (run) => lossOf(run, large.steps))
    answers.forEach(({ share, place, times }, index) => {
      checked.push({ share, place, first: first[from + index], times, found: found[index] })
    })
    console.error(`  ${checked.length} of ${asked.length} charts were compared with what was sent`)
  }
  return checked
}

/** Of the stopped server's store: its tables, and what a full scan of each set's raw points takes, in milliseconds. */
async function askEngine(serverDirectory, asked) {
  const directory = join(serverDirectory, 'clickhouse')
  const [active, projects] = await runScript('engine.mjs', {
    directory,
    queries: [
      `SELECT table, count(), sum(rows), sum(bytes_on_disk) FROM system.parts
       WHERE database = 'kiroku' AND active AND rows > 0 GROUP BY table ORDER BY table`,
      'SELECT project, uniqExact(run), max(step) + 1 FROM points GROUP BY project',
    ],
  })
  const rowsOf = ({ text }) => text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]))
  const projectIdOf = ({ runs, steps }) =>
    rowsOf(projects).find(
      ([, runsThere, stepsThere]) => Number(runsThere) === runs && Number(stepsThere) === steps,
    )?.[0]
  const scans = new Map()
  for (const { set } of asked) {
    const [answer] = await runScript('engine.mjs', {
      directory,
      queries: [
        `SELECT min(value), max(value), avg(step) FROM points FINAL
         WHERE project = '${projectIdOf(set)}' AND metric = 'loss'`,
      ],
      repeats: 3,
    })
    scans.set(set, median(answer.ms))
  }
  return {
    tables: rowsOf(active).map(([table, parts, rows, bytes]) => ({
      table,
      parts: Number(parts),
      rows: Number(rows),
      bytes: Number(bytes),
    })),
    scans,
  }
}

function growthTable(asked, times, scans) {
  const rows = asked.map(({ set }, index) => {
    const before = asked[index - 1]?.set
    const now = median(times.get(set))
    return [
      String(set.runs),
      rounded(set.steps),
      rounded(now),
      before?.runs === set.runs ? rounded(now / median(times.get(before))) : '-',
      rounded(scans.get(set)),
    ]
  })
  return `How a chart's cost grows (1000 buckets a run)\n\n${aligned([['runs', 'steps', 'ms', 'times the one above', 'full scan, ms'], ...rows])}`
}

function storeTable(tables, memory, rates, isReused) {
  const rows = tables.map(({ table, parts, rows: count, bytes }) => [
    table,
    String(parts),
    rounded(count),
    rounded(bytes / 1e6),
    rounded(bytes / count),
  ])
  const loaded = rates.map(({ set, rate }) => `${set.runs} x ${rounded(set.steps)} at ${rounded(rate)} points/s`)
  return [
    `The store, with ${isReused ? 'what was kept' : 'these runs'}; the server had ${rounded(memory.now)} MB at the end, ${rounded(memory.most)} at most`,
    ...(loaded.length > 0 ? [`Loaded through the ingest route: ${loaded.join(', ')}`] : []),
    '',
    aligned([['table', 'parts', 'rows', 'MB', 'bytes/row'], ...rows]),
  ].join('\n')
}

function zoomTable(title, windows) {
  const isChecked = windows.some(({ found }) => found !== undefined)
  const rows = windows.map(({ share, place, first, times, found }) => [
    `${100 * share} %`,
    rounded(place),
    rounded(first),
    rounded(median(times)),
    rounded(Math.min(...times)),
    rounded(Math.max(...times)),
    ...(found ? [rounded(found.points), String(found.lost), String(found.wrong)] : []),
  ])
  const heads = [
    'window',
    'at',
    'first, ms',
    'ms',
    'least',
    'most',
    ...(isChecked ? ['points', 'extremes lost', 'wrong'] : []),
  ]
  return `${title}\n\n${aligned([heads, ...rows])}`
}
