import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { openMetricStore } from '@kiroku/metric-store'
import { inTemporaryDirectory, runScript } from '../processes.mjs'
import { randomNumbers } from '../statistics.mjs'

export const ids = ['disk.noise', 'disk.real']

/** Two real trainings, which the command's tests import too. */
const realLogs = join(import.meta.dirname, '..', '..', '..', 'packages', 'cli', 'test', 'fixtures')
const rowsPerInsert = 2_000

/** Bytes on disk a point, once ClickHouse has merged its parts. The yardstick is the same points as gzipped JSON lines. */
export async function measure({ ids: wanted, logs }) {
  const results = []
  if (wanted.includes('disk.noise')) results.push(await onDisk('disk.noise', '<= 8', noise()))
  if (wanted.includes('disk.real')) results.push(await onDisk('disk.real', '<= 4', realLosses(logs ?? realLogs)))
  return results
}

async function onDisk(id, target, series) {
  const points = series.reduce((sum, { steps }) => sum + steps.length, 0)
  const bytes = await inTemporaryDirectory(async (directory) => {
    const store = await openMetricStore({ kind: 'embedded', path: directory })
    const project = randomUUID()
    let version = 0
    for (const { steps, times, values } of series) {
      const run = randomUUID()
      for (let from = 0; from < steps.length; from += rowsPerInsert) {
        const part = (column) => Float64Array.from(column.slice(from, from + rowsPerInsert))
        const metrics = [{ name: 'loss', rows: null, values: part(values) }]
        await store.insert(
          [{ project, run, stream: 'history', version: ++version, steps: part(steps), times: part(times), metrics }],
          [],
        )
      }
    }
    while (await store.roll());
    await store.close()
    const queries = [
      'OPTIMIZE TABLE points FINAL',
      'OPTIMIZE TABLE rollups FINAL',
      `SELECT sum(bytes_on_disk), sumIf(rows, table = 'points') FROM system.parts
       WHERE database = 'kiroku' AND table IN ('points', 'rollups') AND active`,
    ]
    const answers = await runScript('engine.mjs', { directory, queries })
    const [size, rows] = answers[2].text.trim().split('\t').map(Number)
    if (rows !== points) throw new Error(`${rows} of ${points} points were stored`)
    return size
  })
  const lines = series.flatMap(({ steps, times, values }) =>
    Array.from(steps, (step, index) => JSON.stringify({ _step: step, _time: times[index], loss: values[index] })),
  )
  return {
    id,
    value: bytes / points,
    unit: 'bytes/point',
    target,
    yardstick: { name: 'gzipped JSON lines', value: gzipSync(lines.join('\n')).length / points },
  }
}

/** A million noisy float64 losses, logged every 50 ms or so. */
function noise() {
  const random = randomNumbers(2)
  return Array.from({ length: 4 }, () => {
    const steps = Array.from({ length: 250_000 }, (_, step) => step)
    return {
      steps,
      times: steps.map((step) => 1.7e12 + step * 50 + Math.floor(random() * 8)),
      values: steps.map((step) => 3 * Math.exp(-step / 1e5) + random() / 5),
    }
  })
}

/** Every loss curve of the trainer-state files in a folder. They hold no times: a step a second. */
function realLosses(folder) {
  const files =
    folder === undefined ? [] : readdirSync(folder).filter((name) => /trainer_state\.json(\.gz)?$/.test(name))
  const curves = files.flatMap((name) => {
    const bytes = readFileSync(join(folder, name))
    const { log_history: rows } = JSON.parse(name.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    const metrics = new Set(rows.flatMap((row) => Object.keys(row).filter((key) => /(^|_)loss$/.test(key))))
    return [...metrics].map((metric) => {
      const having = [
        ...new Map(rows.filter((row) => typeof row[metric] === 'number').map((row) => [row.step, row])).values(),
      ]
      return {
        steps: having.map(({ step }) => step),
        times: having.map(({ step }) => 1.7e12 + step * 1000),
        values: having.map((row) => row[metric]),
      }
    })
  })
  if (curves.length === 0) throw new Error('no trainer_state.json files: name their folder with --logs')
  return curves
}
