import { randomUUID } from 'node:crypto'
import { openMetricStore } from '@kiroku/metric-store'
import { readPoints } from '@kiroku/testkit'
import { inTemporaryDirectory, runScript, withServer } from '../processes.mjs'
import { median, milliseconds } from '../statistics.mjs'

export const ids = ['ingest.rate']

const repeats = 3
const rows = 40_000
const metrics = 100
const rowsPerInsert = 2_000

/** From the first `log()` to the end of `finish()`, which waits until everything is on the server's disk. */
export async function measure() {
  const rates = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    rates.push(await withServer((server) => inTemporaryDirectory((directory) => sdkRate(server, directory))))
  }
  return [
    {
      id: 'ingest.rate',
      samples: rates,
      unit: 'points/s',
      target: '>= 1000000',
      yardstick: { name: 'the bare engine, the same rows', value: await engineRate() },
    },
  ]
}

async function sdkRate(server, directory) {
  const run = 'ingest'
  const { ms } = await runScript(
    'ingest-script.mjs',
    { directory, run, rows, metrics },
    { KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey, KIROKU_FINISH_TIMEOUT: '300' },
  )
  const address = { organization: server.organization, project: 'bench', run }
  for (const metric of ['metric/0', `metric/${metrics - 1}`]) {
    const { steps } = await readPoints(server, { ...address, metric })
    if (steps.length !== rows) throw new Error(`${steps.length} of ${rows} rows are there`)
  }
  return (rows * metrics) / (ms / 1000)
}

async function engineRate() {
  const rates = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    await inTemporaryDirectory(async (directory) => {
      const store = await openMetricStore({ kind: 'embedded', path: directory })
      const key = { project: randomUUID(), run: randomUUID(), stream: 'history' }
      const blocks = Array.from({ length: rows / rowsPerInsert }, (_, index) => {
        const steps = Float64Array.from({ length: rowsPerInsert }, (_, row) => index * rowsPerInsert + row)
        const columns = Array.from({ length: metrics }, (_, metric) => ({
          name: `metric/${metric}`,
          rows: null,
          values: steps.map((step) => Math.sin(step * (metric + 1))),
        }))
        return { ...key, version: index + 1, steps, times: steps.map((step) => 1.7e12 + step), metrics: columns }
      })
      const taken = await milliseconds(async () => {
        for (const block of blocks) await store.insert([block], [])
      })
      rates.push((rows * metrics) / (taken / 1000))
      await store.close()
    })
  }
  return median(rates)
}
