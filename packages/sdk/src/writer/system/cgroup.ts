import { join } from 'node:path'
import { countProcessors, readText, type SystemRoots } from './sample.ts'

/** What a container may use: null where it is not limited. `memory` in bytes, `used` without what can be given back. */
export type CgroupLimits = { memory: { limit: number; used: number } | null; processors: number | null }

/** The controllers of version 1 that limit what is measured here. */
const limiting = new Set(['memory', 'cpu', 'cpuset'])

const noLimits: CgroupLimits = { memory: null, processors: null }

/** A version 1 limit beyond this is the kernel's way to say that there is none. */
const noLimitBytes = 2 ** 60

/**
 * The limits of the process' control group, of version 2 or 1. A group is held by its parents' limits too: the tightest one that can be
 * seen counts.
 */
export function readCgroupLimits({ proc, sys }: SystemRoots): CgroupLimits {
  const groups = readText(proc, 'self', 'cgroup')
  if (groups === undefined) return noLimits
  const mount = join(sys, 'fs', 'cgroup')
  const found: CgroupLimits[] = []
  for (const line of groups.trim().split('\n')) {
    const [, controllers, ...rest] = line.split(':')
    const path = rest.join(':')
    if (controllers === undefined || path === '') continue
    if (controllers === '') {
      for (const root of [mount, join(mount, 'unified')]) found.push(...levels(root, path).map(version2))
    } else {
      const names = controllers.split(',')
      if (!names.some((name) => limiting.has(name))) continue
      for (const name of new Set([controllers, ...names])) {
        found.push(...levels(join(mount, name), path).map(version1))
      }
    }
  }
  return found.reduce(tighter, noLimits)
}

/** The group's directory and those above it, up to where the hierarchy is mounted. */
function levels(root: string, path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..')
  return Array.from({ length: names.length + 1 }, (_, count) => join(root, ...names.slice(0, names.length - count)))
}

function tighter(a: CgroupLimits, b: CgroupLimits): CgroupLimits {
  const isTighter = b.memory !== null && (a.memory === null || b.memory.limit < a.memory.limit)
  return {
    memory: isTighter ? b.memory : a.memory,
    processors:
      a.processors === null || b.processors === null
        ? (a.processors ?? b.processors)
        : Math.min(a.processors, b.processors),
  }
}

function version2(directory: string): CgroupLimits {
  const [quota, period] = (readText(directory, 'cpu.max') ?? '').trim().split(/\s+/).map(Number)
  return {
    memory: memory(directory, { limit: 'memory.max', used: 'memory.current', cache: 'inactive_file' }),
    processors: fewest(share(quota, period), readText(directory, 'cpuset.cpus.effective')),
  }
}

function version1(directory: string): CgroupLimits {
  const number = (name: string): number => Number(readText(directory, name) ?? Number.NaN)
  return {
    memory: memory(directory, {
      limit: 'memory.limit_in_bytes',
      used: 'memory.usage_in_bytes',
      cache: 'total_inactive_file',
    }),
    processors: fewest(
      share(number('cpu.cfs_quota_us'), number('cpu.cfs_period_us')),
      readText(directory, 'cpuset.effective_cpus') ?? readText(directory, 'cpuset.cpus'),
    ),
  }
}

function memory(
  directory: string,
  files: { limit: string; used: string; cache: string },
): { limit: number; used: number } | null {
  const limit = Number(readText(directory, files.limit) ?? Number.NaN)
  const used = Number(readText(directory, files.used) ?? Number.NaN)
  if (!(limit > 0 && limit < noLimitBytes) || !Number.isFinite(used)) return null
  const cache = new RegExp(`^${files.cache} (\\d+)$`, 'm').exec(readText(directory, 'memory.stat') ?? '')?.[1]
  return { limit, used: Math.max(0, used - Number(cache ?? 0)) }
}

function share(quota: number | undefined, period: number | undefined): number | null {
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : null
}

function fewest(quota: number | null, list: string | undefined): number | null {
  const counted = list === undefined ? 0 : countProcessors(list)
  const processors = counted === 0 ? null : counted
  return quota === null || processors === null ? (quota ?? processors) : Math.min(quota, processors)
}
