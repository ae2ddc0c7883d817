import { join } from 'node:path'
import { emptyRowBlock, encodeHistoryBatch } from '@kiroku/core/history'
import { routes } from '@kiroku/core/routes'
import { decodeSeriesAnswer } from '@kiroku/core/series'
import { postBytes, spawnServer, testRun } from '@kiroku/testkit'
import { inTemporaryDirectory, runScript } from '../processes.mjs'
import { median, randomNumbers } from '../statistics.mjs'

export const ids = ['series.1x1M']

const points = 1_000_000
const pointsPerBatch = 100_000
const repeats = 15

/** The time that the server takes to answer a chart of one run with a million steps in 1000 buckets. */
export function measure() {
  return inTemporaryDirectory(async (directory) => {
    const dataDir = join(directory, 'data')
    const server = await spawnServer({ dataDir })
    try {
      const run = await testRun(server, { project: 'bench' })
      await fill(server, run)
      const times = await chartTimes(server, run)
      await server.stop()
      const [answer] = await runScript('engine.mjs', {
        directory: join(dataDir, 'clickhouse'),
        queries: ["SELECT min(value), max(value), avg(step) FROM points FINAL WHERE metric = 'loss'"],
        repeats,
      })
      return [
        {
          id: 'series.1x1M',
          value: median(times),
          unit: 'ms',
          target: '<= 10',
          yardstick: { name: 'full scan of the raw points', value: median(answer.ms) },
        },
      ]
    } finally {
      await server[Symbol.asyncDispose]()
    }
  })
}

async function fill(server, { project, run, writer }) {
  const random = randomNumbers(1)
  for (let from = 0; from < points; from += pointsPerBatch) {
    const steps = Float64Array.from({ length: pointsPerBatch }, (_, row) => from + row)
    const history = {
      seqs: steps.map((step) => step + 1),
      steps,
      times: steps.map((step) => 1.7e12 + step * 50),
      metrics: [{ name: 'loss', rows: null, values: steps.map((step) => Math.exp(-step / 3e5) + random() / 10) }],
    }
    const batch = {
      project,
      run,
      writer,
      firstSeq: from + 1,
      lastSeq: from + pointsPerBatch,
      history,
      system: emptyRowBlock(),
      texts: [],
      console: [],
      updates: [],
    }
    const response = await postBytes(server, encodeHistoryBatch(batch))
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  }
}

async function chartTimes(server, { organization, project, run }) {
  const times = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const response = await fetch(server.url + routes.series, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        organization,
        project,
        series: [{ run, metric: 'loss' }],
        x: { kind: 'step' },
        width: 1000,
      }),
    })
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    const { series } = decodeSeriesAnswer(new Uint8Array(await response.arrayBuffer()))
    if (series[0].count !== points) throw new Error(`the chart has ${series[0].count} points`)
    times.push(Number(/total;dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '')?.[1]))
  }
  return times
}
