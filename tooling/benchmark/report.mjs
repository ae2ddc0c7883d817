import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, platform, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { median } from './statistics.mjs'

/** Where each whole report is kept, for the next one to be compared with; git does not know it. */
export const keptIn = join(import.meta.dirname, '..', '..', 'bench-results')
/** The part of a core that others may use before what is measured here is in doubt. */
const quietLoad = 0.3

/** One result of the report: its value, or the median of its samples, their spread, and its ratio to the yardstick. */
export function resultOf({ id, samples, value, unit, target, yardstick }) {
  const shown = value ?? median(samples)
  return {
    id,
    value: shown,
    unit,
    target,
    yardstick,
    ratio: yardstick.value === 0 ? null : shown / yardstick.value,
    spread: samples ? { least: Math.min(...samples), most: Math.max(...samples), repeats: samples.length } : null,
  }
}

/** What a figure depends on beside the program. */
export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    disk: diskOf(tmpdir()),
    system: `${platform()} ${release()}`,
    node: process.versions.node,
    load: load(),
  }
}

const load = () => Number((loadavg()[0] ?? 0).toFixed(2))

/** Says on standard error when others use the machine: their work would be measured too. */
export function warnUnlessQuiet() {
  if (load() > quietLoad * cpus().length)
    console.error(
      `The machine is busy: load ${load()} on ${cpus().length} cores before anything was measured. Times will be too long; compare ratios.`,
    )
}

/** The device, its kind, the file system and the room of the file system that holds a directory; what Linux tells. */
function diskOf(directory) {
  try {
    const [device, type] = execFileSync('df', ['--output=source,fstype', directory], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .at(-1)
      .split(/\s+/)
    const { bavail, bsize } = statfsSync(directory)
    return `${device} (${kindOf(device)}${type}, ${Math.round((bavail * bsize) / 2 ** 30)} GiB free)`
  } catch {
    return 'unknown'
  }
}

function kindOf(device) {
  const name = device.split('/').at(-1) ?? ''
  for (const disk of [name, name.replace(/p?\d+$/, '')]) {
    try {
      const isRotating = readFileSync(`/sys/block/${disk}/queue/rotational`, 'utf8').trim() === '1'
      // Virtual disks say that they rotate whatever is below them.
      return disk.startsWith('vd') ? 'virtual, ' : isRotating ? 'rotating, ' : 'solid state, '
    } catch {
      // Not a disk of this name.
    }
  }
  return ''
}

/** The commit that is measured, and whether there are changes beside it. */
export function commit() {
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8' }
    const head = execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim()
    return execFileSync('git', ['status', '--porcelain'], options).trim() === '' ? head : `${head} with changes`
  } catch {
    return 'unknown'
  }
}

/** Keeps a report under the time it was made. */
export function keep(report) {
  mkdirSync(keptIn, { recursive: true })
  const name = `${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`
  writeFileSync(join(keptIn, name), `${JSON.stringify(report, null, 2)}\n`)
}

/** The newest earlier result of each id that was kept, with its commit; none where nothing was kept. */
export function lastResults() {
  const newest = new Map()
  for (const name of readKept()) {
    const { commit: of, results } = JSON.parse(readFileSync(join(keptIn, name), 'utf8'))
    for (const result of results) newest.set(result.id, { ...result, commit: of })
  }
  return newest
}

/** The results of a report in a file, by id. */
export function resultsOf(path) {
  const { commit: of, results } = JSON.parse(readFileSync(path, 'utf8'))
  return new Map(results.map((result) => [result.id, { ...result, commit: of }]))
}

function readKept() {
  try {
    return readdirSync(keptIn)
      .filter((name) => name.endsWith('.json'))
      .sort()
  } catch {
    return []
  }
}
