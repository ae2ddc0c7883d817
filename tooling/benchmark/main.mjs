import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as charts from './measures/charts.mjs'
import * as crash from './measures/crash.mjs'
import * as disk from './measures/disk.mjs'
import * as ingest from './measures/ingest.mjs'
import * as init from './measures/init.mjs'
import * as live from './measures/live.mjs'
import * as log from './measures/log.mjs'
import * as peers from './measures/peers.mjs'
import * as runsTable from './measures/runs-table.mjs'
import * as sidecar from './measures/sidecar.mjs'
import * as soak from './measures/soak.mjs'
import * as start from './measures/start.mjs'
import * as wandb from './measures/wandb.mjs'
import { commit, keep, keptIn, lastResults, machine, resultOf, resultsOf, warnUnlessQuiet } from './report.mjs'
import { table } from './table.mjs'

/** Each measure names the ids that it answers; `measure()` gives one result an id. */
const measures = [log, init, sidecar, ingest, disk, start, crash, runsTable, live, charts, wandb, peers, soak]

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    compare: { type: 'string' },
    only: { type: 'string' },
    logs: { type: 'string' },
    data: { type: 'string' },
    large: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    wandb: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
  },
})
const usual = measures.flatMap((measure) => measure.ids)
/** What a flag asks for: only on request, because it takes long or needs more than Node. */
const onRequest = { large: charts.onRequest, peers: peers.onRequest, wandb: wandb.onRequest, soak: soak.onRequest }
const requested = Object.entries(onRequest).flatMap(([flag, ids]) => (flags[flag] ? ids : []))
const known = [...usual, ...Object.values(onRequest).flat()]
const chosen = [...(flags.only?.split(',').map((id) => id.trim()) ?? []), ...requested]
const wanted = chosen.length > 0 ? chosen : usual
const unknown = wanted.filter((id) => !known.includes(id))
if (unknown.length > 0) {
  console.error(`There is no measure ${unknown.join(', ')}. There are: ${known.join(', ')}.`)
  process.exit(1)
}
const minutes = Number(flags.minutes)
if (!(minutes > 0)) {
  console.error(`--minutes: ${flags.minutes} is not a number above 0.`)
  process.exit(1)
}
const directory = resolve(process.env.INIT_CWD ?? process.cwd())
const pathOf = (flag) => flag && resolve(directory, flag)
const before = flags.compare ? resultsOf(pathOf(flags.compare)) : lastResults()

warnUnlessQuiet()
const facts = machine()
const results = []
const tables = []
for (const measure of measures) {
  const ids = [...measure.ids, ...(measure.onRequest ?? [])].filter((id) => wanted.includes(id))
  if (ids.length === 0) continue
  console.error(`measuring ${ids.join(', ')} ...`)
  try {
    const measured = await measure.measure({
      ids,
      logs: pathOf(flags.logs),
      data: pathOf(flags.data),
      minutes,
      print: (text) => tables.push(text),
    })
    results.push(...measured.filter(({ id }) => ids.includes(id) || id.startsWith('peer.')).map(resultOf))
  } catch (error) {
    console.error(`${ids.join(', ')} could not be measured:`, error)
    process.exitCode = 1
  }
}

const report = { machine: { ...facts, loadAfter: machine().load }, commit: commit(), results }
console.log(`
${facts.cpu}, ${facts.cores} cores, ${facts.memoryGiB} GiB, ${facts.disk}
${facts.system}, Node ${facts.node}; load ${facts.load} before, ${report.machine.loadAfter} after
commit ${report.commit}
`)
const listed = results.filter(({ id }) => !id.startsWith('peer.'))
if (listed.length > 0) console.log(table(listed, before))
const earlier = [...new Set(results.flatMap(({ id }) => before.get(id)?.commit ?? []))]
if (earlier.length > 0) console.log(`\nThe change is since commit ${earlier.join(' and ')}.`)
for (const text of tables) console.log(`\n${text}`)
if (results.length > 0) keep(report)
if (results.length > 0) console.error(`\nKept in ${keptIn}, for the next one to be compared with.`)
if (flags.json) writeFileSync(pathOf(flags.json), `${JSON.stringify(report, null, 2)}\n`)
