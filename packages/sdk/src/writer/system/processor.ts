import { cpus } from 'node:os'
import { readText, type SystemRoots, type SystemSample } from './sample.ts'

/** A share of processor time is told of no shorter interval: over less, its few clock ticks would be noise. */
export const minIntervalMs = 50

type Busy = { busy: number; total: number }

/** The share of processor time that the process uses, as the mean since the last look, of all that it may use. */
export class ProcessShare {
  #time: number
  #at: number

  constructor() {
    this.#time = processTime()
    this.#at = performance.now()
  }

  /** Adds `cpu`, in percent of `processors` processors. */
  read({ means }: SystemSample, processors: number): void {
    const now = performance.now()
    if (now - this.#at < minIntervalMs) return
    const time = processTime()
    means.set('cpu', (100 * (time - this.#time)) / ((now - this.#at) * 1000 * processors))
    this.#time = time
    this.#at = now
  }
}

function processTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** How busy the machine is: all of it (`cpu_percent`), and each core (`cpu.N.cpu_percent`). */
export class CoreShares {
  readonly #roots: SystemRoots
  #cores: Map<number, Busy>
  #at: number

  constructor(roots: SystemRoots) {
    this.#roots = roots
    this.#cores = readCores(roots)
    this.#at = performance.now()
  }

  /** Adds the shares since the last look. */
  read({ means }: SystemSample): void {
    const now = performance.now()
    if (now - this.#at < minIntervalMs) return
    this.#at = now
    const cores = readCores(this.#roots)
    let sum = 0
    let count = 0
    for (const [core, { busy, total }] of cores) {
      const before = this.#cores.get(core)
      if (before === undefined || total <= before.total) continue
      const share = Math.min(100, Math.max(0, (100 * (busy - before.busy)) / (total - before.total)))
      means.set(`cpu.${core}.cpu_percent`, share)
      sum += share
      count++
    }
    this.#cores = cores
    if (count > 0) means.set('cpu_percent', sum / count)
  }
}

/** Busy and total time of each core, in any unit. */
function readCores({ proc }: SystemRoots): Map<number, Busy> {
  const stat = readText(proc, 'stat')
  if (stat === undefined) {
    return new Map(
      cpus().map(({ times }, core) => {
        const total = Object.values(times).reduce((sum, time) => sum + time, 0)
        return [core, { busy: total - times.idle, total }]
      }),
    )
  }
  const cores = new Map<number, Busy>()
  for (const line of stat.split('\n')) {
    const [name, ...columns] = line.split(/\s+/)
    const core = /^cpu(\d+)$/.exec(name ?? '')?.[1]
    if (core === undefined) continue
    const times = columns.slice(0, 8).map(Number)
    const total = times.reduce((sum, time) => sum + time, 0)
    cores.set(Number(core), { busy: total - (times[3] ?? 0) - (times[4] ?? 0), total })
  }
  return cores
}
