import { cpus, freemem, totalmem } from 'node:os'
import { type CgroupLimits, readCgroupLimits } from './cgroup.ts'
import { countProcessors, megabyte, readText, type SystemRoots, type SystemSample } from './sample.ts'

/** What the process may use: `processors` (a quota may be a fraction) and `memory` in bytes, with how much of it is used. */
export type Capacity = { processors: number; memory: { total: number; used: number; available: number } }

/**
 * What the process may use now. Limits of its control group count where they are tighter than the machine, unless `usesCgroup` is
 * false.
 */
export function readCapacity(roots: SystemRoots, usesCgroup: boolean): Capacity {
  const limits: CgroupLimits = usesCgroup ? readCgroupLimits(roots) : { memory: null, processors: null }
  const cores = Math.max(1, cpus().length)
  const allowed = usesCgroup ? allowedProcessors(roots) : 0
  const total = totalmem()
  const told = /^MemAvailable:\s+(\d+) kB/m.exec(readText(roots.proc, 'meminfo') ?? '')?.[1]
  const available = told === undefined ? freemem() : Number(told) * 1024
  return {
    processors: Math.min(cores, limits.processors ?? cores, allowed === 0 ? cores : allowed),
    memory:
      limits.memory === null || limits.memory.limit >= total
        ? { total, used: total - available, available }
        : {
            total: limits.memory.limit,
            used: limits.memory.used,
            available: Math.max(0, Math.min(available, limits.memory.limit - limits.memory.used)),
          },
  }
}

function allowedProcessors({ proc }: SystemRoots): number {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readText(proc, 'self', 'status') ?? '')?.[1]
  return list === undefined ? 0 : countProcessors(list)
}

/** Adds the memory of the system, or of the container that limits it. */
export function readMemory({ means }: SystemSample, { memory }: Capacity): void {
  means.set('memory_percent', (100 * memory.used) / memory.total)
  means.set('proc.memory.availableMB', memory.available / megabyte)
}

/** Adds the process' memory and threads. What the system does not tell now is left out. */
export function readProcess({ means, latest }: SystemSample, { memory }: Capacity, { proc }: SystemRoots): void {
  const threads = /^Threads:\s+(\d+)/m.exec(readText(proc, 'self', 'status') ?? '')?.[1]
  if (threads !== undefined) latest.set('proc.cpu.threads', Number(threads))
  const resident = process.memoryUsage.rss()
  means.set('proc.memory.rssMB', resident / megabyte)
  means.set('proc.memory.percent', (100 * resident) / memory.total)
}
