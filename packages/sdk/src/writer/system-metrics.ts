import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, freemem, totalmem } from 'node:os'

/**
 * One look at the machine. `gauges` are averaged over a window; `counters` only rise, and count from the run's start.
 * MB stands for MiB in names, as the field writes it.
 */
export type SystemSample = { gauges: Map<string, number>; counters: Map<string, number> }

type Busy = { busy: number; total: number }

const megabyte = 1024 * 1024
const diskPath = '/'

/** Looks at the process and the machine. What a system does not tell is left out. */
export class SystemSampler {
  #processTime = 0
  #at = 0
  #cores: Busy[] = []

  constructor() {
    this.sample()
  }

  /** The state now; shares of processor time are of the time since the last call. */
  sample(): SystemSample {
    const gauges = new Map<string, number>()
    const counters = new Map<string, number>()
    this.#processor(gauges)
    memory(gauges)
    disk(gauges)
    threads(gauges)
    network(counters)
    diskTraffic(counters)
    return { gauges, counters }
  }

  #processor(gauges: Map<string, number>): void {
    const { user, system } = process.cpuUsage()
    const now = performance.now()
    const elapsed = (now - this.#at) * 1000 * availableParallelism()
    if (this.#at > 0 && elapsed > 0) gauges.set('cpu', (100 * (user + system - this.#processTime)) / elapsed)
    this.#processTime = user + system
    this.#at = now
    const cores = readCores()
    const shares = cores.flatMap(({ busy, total }, index) => {
      const before = this.#cores[index]
      return before === undefined || total <= before.total
        ? []
        : [(100 * (busy - before.busy)) / (total - before.total)]
    })
    this.#cores = cores
    if (shares.length === 0 || shares.length !== cores.length) return
    gauges.set('cpu_percent', shares.reduce((sum, share) => sum + share, 0) / shares.length)
    shares.forEach((share, index) => {
      gauges.set(`cpu.${index}.cpu_percent`, share)
    })
  }
}

/** Busy and total time of each core, in any unit. */
function readCores(): Busy[] {
  const stat = process.platform === 'linux' ? readOrNothing('/proc/stat') : undefined
  if (stat === undefined) {
    return cpus().map(({ times }) => {
      const total = Object.values(times).reduce((sum, time) => sum + time, 0)
      return { busy: total - times.idle, total }
    })
  }
  return stat
    .split('\n')
    .filter((line) => /^cpu\d/.test(line))
    .map((line) => {
      const times = line.split(/\s+/).slice(1, 9).map(Number)
      const total = times.reduce((sum, time) => sum + time, 0)
      return { busy: total - (times[3] ?? 0) - (times[4] ?? 0), total }
    })
}

function memory(gauges: Map<string, number>): void {
  const total = totalmem()
  const info = readOrNothing('/proc/meminfo')?.match(/^MemAvailable:\s+(\d+) kB/m)?.[1]
  const available = info === undefined ? freemem() : Number(info) * 1024
  gauges.set('memory_percent', (100 * (total - available)) / total)
  gauges.set('proc.memory.availableMB', available / megabyte)
  const resident = residentBytes()
  if (resident === undefined) return
  gauges.set('proc.memory.rssMB', resident / megabyte)
  gauges.set('proc.memory.percent', (100 * resident) / total)
}

/** Undefined where the system does not tell now, such as in a process that has no file left to open. */
function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch {
    return undefined
  }
}

function disk(gauges: Map<string, number>): void {
  try {
    const { blocks, bfree, bavail, bsize } = statfsSync(diskPath)
    const used = blocks - bfree
    gauges.set(`disk.${diskPath}.usagePercent`, (100 * used) / (used + bavail))
    gauges.set(`disk.${diskPath}.usageGB`, (used * bsize) / (1024 * megabyte))
  } catch {
    // A path that may not be looked at has no metrics.
  }
}

function threads(gauges: Map<string, number>): void {
  const count = readOrNothing('/proc/self/status')?.match(/^Threads:\s+(\d+)/m)?.[1]
  if (count !== undefined) gauges.set('proc.cpu.threads', Number(count))
}

function network(counters: Map<string, number>): void {
  const table = readOrNothing('/proc/net/dev')
  if (table === undefined) return
  let received = 0
  let sent = 0
  for (const line of table.split('\n').slice(2)) {
    const [name, numbers] = line.split(':')
    if (numbers === undefined || name?.trim() === 'lo') continue
    const columns = numbers.trim().split(/\s+/).map(Number)
    received += columns[0] ?? 0
    sent += columns[8] ?? 0
  }
  counters.set('network.recv', received)
  counters.set('network.sent', sent)
}

function diskTraffic(counters: Map<string, number>): void {
  const table = readOrNothing('/proc/diskstats')
  if (table === undefined) return
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/)
    const device = columns[2]
    if (device === undefined || !/^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(device)) continue
    counters.set(`disk.${device}.in`, (Number(columns[5]) * 512) / megabyte)
    counters.set(`disk.${device}.out`, (Number(columns[9]) * 512) / megabyte)
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
