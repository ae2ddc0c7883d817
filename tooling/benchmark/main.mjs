import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, platform, release, totalmem } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as crash from './measures/crash.mjs'
import * as disk from './measures/disk.mjs'
import * as ingest from './measures/ingest.mjs'
import * as init from './measures/init.mjs'
import * as log from './measures/log.mjs'
import * as series from './measures/series.mjs'
import * as sidecar from './measures/sidecar.mjs'
import * as start from './measures/start.mjs'
import { comparison, table } from './table.mjs'

/** Each measure names the ids that it answers; `measure()` gives one result an id. */
const measures = [log, init, sidecar, ingest, series, disk, start, crash]
const known = measures.flatMap((measure) => measure.ids)

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    compare: { type: 'string' },
    only: { type: 'string' },
    logs: { type: 'string' },
  },
})
const wanted = flags.only ? flags.only.split(',').map((id) => id.trim()) : known
const unknown = wanted.filter((id) => !known.includes(id))
if (unknown.length > 0) {
  console.error(`There is no measure ${unknown.join(', ')}. There are: ${known.join(', ')}.`)
  process.exit(1)
}
const directory = resolve(process.env.INIT_CWD ?? process.cwd())
const before = flags.compare ? JSON.parse(readFileSync(resolve(directory, flags.compare), 'utf8')) : undefined

const results = []
for (const measure of measures) {
  const ids = measure.ids.filter((id) => wanted.includes(id))
  if (ids.length === 0) continue
  console.error(`measuring ${ids.join(', ')} ...`)
  try {
    const measured = await measure.measure({ ids, logs: flags.logs && resolve(directory, flags.logs) })
    results.push(...measured.filter(({ id }) => ids.includes(id)).map(withRatio))
  } catch (error) {
    console.error(`${ids.join(', ')} could not be measured:`, error)
    process.exitCode = 1
  }
}

const report = { machine: machine(), commit: commit(), results }
console.log(
  `\n${report.machine.cpu}, ${report.machine.cores} cores, ${report.machine.memoryGiB} GiB, Node ${report.machine.node}`,
)
console.log(`commit ${report.commit}, load ${report.machine.load} when it ended\n`)
console.log(table(results))
if (before) console.log(`\nAgainst commit ${before.commit}:\n\n${comparison(before.results, results)}`)
if (flags.json) writeFileSync(resolve(directory, flags.json), `${JSON.stringify(report, null, 2)}\n`)

function withRatio({ id, value, unit, target, yardstick }) {
  return { id, value, unit, target, yardstick, ratio: yardstick.value === 0 ? null : value / yardstick.value }
}

function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.versions.node,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  }
}

function commit() {
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8' }
    const head = execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim()
    return execFileSync('git', ['status', '--porcelain'], options).trim() === '' ? head : `${head} with changes`
  } catch {
    return 'unknown'
  }
}
