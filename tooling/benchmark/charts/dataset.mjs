import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyRowBlock, encodeHistoryBatch } from '@kiroku/core/history'
import { postBytes, testRun } from '@kiroku/testkit'
import { progress } from '../progress.mjs'
import { lossOf, timeOf } from './curves.mjs'

/** Rows of one request: more than a script's batch, so that loading measures nothing and takes little. */
const rowsPerBatch = 250_000
/** Runs that are loaded at the same time: the server stores what comes of them together. */
const runsAtOnce = 4
const form = 1

export const projectOf = ({ runs, steps }) => `charts-${runs}x${steps}`
export const slugOf = (run) => `run-${run}`

/**
 * What a data directory of charts holds. Sets of runs are loaded once, through the ingest route; with `--data` they are
 * there again the next time.
 */
export function openDatasets(directory) {
  const file = join(directory, 'loaded.json')
  mkdirSync(directory, { recursive: true })
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { form, sets: [] }
  if (known.form !== form) throw new Error(`${directory} was loaded by another benchmark: remove it`)
  return {
    serverDirectory: join(directory, 'server'),
    /** Loads a set of `runs` runs of `steps` steps, unless it is there; answers the points a second, or null. */
    async load(server, set) {
      const project = projectOf(set)
      if (known.sets.includes(project)) return null
      const rate = await loadSet(server, project, set)
      known.sets.push(project)
      writeFileSync(file, JSON.stringify(known))
      return rate
    },
  }
}

async function loadSet(server, project, { runs, steps }) {
  const shown = progress(`loading ${runs} x ${steps.toLocaleString('en')} points`, runs * steps)
  const from = performance.now()
  const waiting = Array.from({ length: runs }, (_, run) => run)
  const work = async () => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift())
      await loadRun(server, project, run, steps, shown.add)
  }
  await Promise.all(Array.from({ length: runsAtOnce }, work))
  shown.end()
  return (runs * steps) / ((performance.now() - from) / 1000)
}

async function loadRun(server, project, run, steps, onStored) {
  // A load that was broken off begins with the runs that it had begun: their points come again, which changes nothing.
  const begun = await testRun(server, { project, run: slugOf(run), startedAt: timeOf(0), resume: 'allow' })
  const values = lossOf(run, steps)
  for (let from = 0; from < steps; from += rowsPerBatch) {
    const rows = Math.min(rowsPerBatch, steps - from)
    const stepsOfBatch = Float64Array.from({ length: rows }, (_, row) => from + row)
    const isLast = from + rows === steps
    const batch = {
      project,
      run: begun.run,
      writer: begun.writer,
      firstSeq: from + 1,
      lastSeq: from + rows + (isLast ? 1 : 0),
      history: {
        seqs: stepsOfBatch.map((step) => step + 1),
        steps: stepsOfBatch,
        times: stepsOfBatch.map(timeOf),
        metrics: [{ name: 'loss', rows: null, values: values.slice(from, from + rows) }],
      },
      system: emptyRowBlock(),
      texts: [],
      console: [],
      updates: isLast ? [{ type: 'finish', seq: steps + 1, state: 'finished', exitCode: 0, time: timeOf(steps) }] : [],
    }
    const response = await postBytes(server, encodeHistoryBatch(batch))
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    onStored(rows)
  }
}
