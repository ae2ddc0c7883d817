import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readPoints, spawnServer } from '@kiroku/testkit'
import { openDatasets, projectOf, slugOf } from '../charts/dataset.mjs'
import { askChart, settle } from '../charts/requests.mjs'
import { inTemporaryDirectory, runScript, withServer } from '../processes.mjs'
import { environmentOf, versions } from '../python.mjs'
import { median, milliseconds } from '../statistics.mjs'
import { aligned, rounded } from '../table.mjs'

const run = promisify(execFile)

const scripts = join(import.meta.dirname, '..', 'peers')
const budgetS = { log: 10, rate: 10, fill: 20, read: 0 }
/** What takes longer than its budget and this is broken off. */
const patienceMs = 60_000
const steps = 100_000
const manyRuns = 100
const rows = 20_000

const figures = [
  { name: 'log.p50', head: 'log() p50, us' },
  { name: 'log.p99', head: 'p99, us' },
  { name: 'rate', head: 'points/s' },
  { name: 'read.1', head: 'read 1 run, s' },
  { name: 'read.100', head: '100 runs, s' },
  { name: 'disk', head: 'bytes/point' },
]

export const ids = []
export const onRequest = ['peers']

/** Other trackers on the same workload in the same minutes, as far as Python and PyPI are at hand. */
export async function measure({ print }) {
  const own = await measureKiroku()
  const measured = []
  for (const [name, version] of Object.entries(versions)) {
    console.error(`  ${name} ${version} ...`)
    try {
      measured.push(await measurePeer(name, await environmentOf(name)))
    } catch (error) {
      measured.push({ name, notes: [`left out: ${lastLine(error.stderr ?? '') || error.message.split('\n')[0]}`] })
    }
  }
  const row = ({ name, scaled = [], ...found }) => [
    versions[name] ? `${name} ${versions[name]}` : name,
    ...figures.map(
      ({ name: figure }) =>
        `${found[figure] !== undefined && scaled.includes(figure) ? '~' : ''}${rounded(found[figure])}`,
    ),
  ]
  const all = [own, ...measured]
  print(
    [
      `Peers: rows of ten numbers logged one by one (${rows} at most), then runs of ${rounded(steps)} steps of one noisy metric`,
      '',
      aligned([['', ...figures.map(({ head }) => head)], ...all.map(row)]),
      '',
      '~ scaled up from fewer runs or steps, in proportion.',
      ...all.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`)),
    ].join('\n'),
  )
  return measured.flatMap((peer) =>
    figures.flatMap(({ name, head }) =>
      peer[name] === undefined
        ? []
        : [
            {
              id: `peer.${peer.name}.${name}`,
              value: peer[name],
              unit: head,
              target: null,
              yardstick: { name: 'Kiroku', value: own[name] },
            },
          ],
    ),
  )
}

/** Kiroku with a server on the same machine, which stores everything durably. */
async function measureKiroku() {
  const [logged, hasty] = await withServer(async (server) => {
    const environment = { KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey }
    const log = (betweenUs) =>
      inTemporaryDirectory((directory) => runScript('log-script.mjs', { directory, rows, betweenUs }, environment))
    return [await log(50), await log(0)]
  })
  return inTemporaryDirectory(async (directory) => {
    const datasets = openDatasets(directory)
    const server = await spawnServer({ dataDir: datasets.serverDirectory })
    const read = {}
    try {
      for (const set of [
        { runs: 1, steps },
        { runs: manyRuns, steps },
      ]) {
        await datasets.load(server, set)
        await settle(server, set)
        const times = []
        for (let repeat = 0; repeat < 3; repeat++)
          times.push(await milliseconds(() => askChart(server, set, { width: 1000 })))
        read[set.runs] = median(times) / 1000
      }
      const address = { organization: server.organization, project: projectOf({ runs: 1, steps }), run: slugOf(0) }
      read.whole = (await milliseconds(() => readPoints(server, { ...address, metric: 'loss' }))) / 1000
      await server.stop()
      const [size] = await runScript('engine.mjs', {
        directory: join(datasets.serverDirectory, 'clickhouse'),
        queries: [
          `SELECT sum(bytes_on_disk) / (SELECT count() FROM points) FROM system.parts
           WHERE database = 'kiroku' AND active AND table NOT IN ('migrations', 'texts', 'console')`,
        ],
      })
      return {
        name: 'kiroku',
        'log.p50': logged.p50,
        'log.p99': logged.p99,
        rate: hasty.pointsPerSecond,
        'read.1': read[1],
        'read.100': read[manyRuns],
        disk: Number(size.text),
        notes: [
          `reading is a chart of 1000 buckets a run over HTTP; every point of one run takes ${rounded(read.whole)} s; all points are synced to disk by the server`,
        ],
      }
    } finally {
      await server[Symbol.asyncDispose]()
    }
  })
}

function measurePeer(name, python) {
  return inTemporaryDirectory(async (directory) => {
    const ask = async (task, folder) => {
      const budget = budgetS[task]
      const work = run(
        python,
        [join(scripts, 'workload.py'), `peer_${name}`, task, join(directory, folder), String(budget)],
        {
          timeout: budget * 1000 + patienceMs,
          maxBuffer: 2 ** 26,
          env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
        },
      )
      const { stdout } = await work
      return JSON.parse(lastLine(stdout))
    }
    const notes = []
    const attempt = async (task, folder) => {
      try {
        return await ask(task, folder)
      } catch (error) {
        const why = error.killed ? `more than ${budgetS[task] + patienceMs / 1000} s` : lastLine(error.stderr ?? '')
        notes.push(`${task}: ${why || error.message.split('\n')[0]}`)
        return null
      }
    }
    const logged = await attempt('log', 'log')
    const hasty = await attempt('rate', 'rate')
    const filled = await attempt('fill', 'filled')
    const read = filled?.hasReader ? await attempt('read', 'filled') : null
    if (filled && !filled.hasReader) notes.push(`reading is left out: peers/peer_${name}.py says why`)
    if (logged && logged.calls < rows) notes.push(`its figures of log() are of ${logged.calls} calls`)
    if (filled) notes.push(`${filled.runs} runs of ${rounded(filled.steps)} steps were stored to be read`)
    const scale = filled ? steps / filled.steps : 1
    return {
      name,
      ...(logged && { 'log.p50': logged.p50, 'log.p99': logged.p99 }),
      ...(hasty && { rate: hasty.points / hasty.seconds }),
      ...(read && { 'read.1': read.one * scale, 'read.100': (read.all * scale * manyRuns) / read.runs }),
      ...(filled && { disk: (await sizeOf(join(directory, 'filled'))) / (filled.runs * filled.steps) }),
      scaled: [...(filled && filled.steps < steps ? ['read.1'] : []), ...(read ? ['read.100'] : [])],
      notes,
    }
  })
}

/** Bytes of all files in a directory. */
async function sizeOf(directory) {
  const { stdout } = await run('du', ['--summarize', '--bytes', directory])
  return Number(stdout.split('\t')[0])
}

const lastLine = (text) => text.trim().split('\n').at(-1) ?? ''
