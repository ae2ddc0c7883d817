import { existsSync, realpathSync, statfs } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { emptySample, megabyte, readText, type SystemRoots, type SystemSample } from './sample.ts'

const sectorBytes = 512

/** Asks how full the file systems of some paths are. Beside the thread: a file system may be on a server that does not answer. */
export class DiskUsage {
  readonly #waiting = new Set<string>()
  readonly #paths: readonly string[]

  constructor(paths: readonly string[]) {
    this.#paths = paths
  }

  /** Each path's answer comes by itself; a path that may not be looked at has none. */
  ask(onSample: (sample: SystemSample) => void): void {
    for (const path of this.#paths) {
      if (this.#waiting.has(path)) continue
      this.#waiting.add(path)
      statfs(path, (error, stats) => {
        this.#waiting.delete(path)
        if (error) return
        const { blocks, bfree, bavail, bsize } = stats
        const used = blocks - bfree
        if (used + bavail <= 0) return
        const sample = emptySample()
        sample.means.set(`disk.${path}.usagePercent`, (100 * used) / (used + bavail))
        sample.means.set(`disk.${path}.usageGB`, (used * bsize) / (1024 * megabyte))
        onSample(sample)
      })
    }
  }
}

/** Adds what the devices behind the paths have read (`disk.<device>.in`) and written (`.out`), in MiB since they began. */
export function readDiskTraffic({ counters }: SystemSample, devices: ReadonlySet<string>, { proc }: SystemRoots): void {
  if (devices.size === 0) return
  for (const line of (readText(proc, 'diskstats') ?? '').split('\n')) {
    const columns = line.trim().split(/\s+/)
    const device = columns[2]
    if (device === undefined || !devices.has(device)) continue
    counters.set(`disk.${device}.in`, (Number(columns[5]) * sectorBytes) / megabyte)
    counters.set(`disk.${device}.out`, (Number(columns[9]) * sectorBytes) / megabyte)
  }
}

/** The block devices that paths are stored on, by the names that the kernel counts their traffic under; whole disks for partitions. */
export function devicesOf(paths: readonly string[], roots: SystemRoots): Set<string> {
  const mounts = readMounts(roots)
  const devices = paths.flatMap((path) => {
    const mount = mounts.findLast(({ at }) => at === '/' || path === at || path.startsWith(`${at}/`))
    return mount === undefined ? [] : (deviceOf(mount, roots) ?? [])
  })
  return new Set(devices)
}

type Mount = { at: string; number: string; source: string }

/** All mounts, those that cover others after them. */
function readMounts({ proc }: SystemRoots): Mount[] {
  const lines = (readText(proc, 'self', 'mountinfo') ?? '').split('\n')
  const mounts = lines.flatMap((line) => {
    const [mount, file] = line.split(' - ')
    const [, , number, , at] = (mount ?? '').split(' ')
    const source = (file ?? '').split(' ')[1]
    return number === undefined || at === undefined || source === undefined
      ? []
      : [{ at: unescaped(at), number, source: unescaped(source) }]
  })
  return mounts.sort((a, b) => a.at.length - b.at.length)
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

function deviceOf({ number, source }: Mount, { sys }: SystemRoots): string | undefined {
  // Some file systems, such as btrfs, have a number of their own; where they are stored is told by their source alone.
  for (const place of [join(sys, 'dev', 'block', number), join(sys, 'class', 'block', basename(source))]) {
    try {
      const device = realpathSync(place)
      return basename(existsSync(join(device, 'partition')) ? dirname(device) : device)
    } catch {
      // The next place may tell; a file system in memory or on a network has no device at all.
    }
  }
  return undefined
}
