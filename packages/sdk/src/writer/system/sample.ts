import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * One look at the machine. Of a window's samples `means` are averaged; of `latest` the last value stands; `counters` only rise,
 * and count from the run's start. MB stands for MiB in names, as the field writes it.
 */
export type SystemSample = {
  means: Map<string, number>
  latest: Map<string, number>
  counters: Map<string, number>
}

/** A sample that holds nothing yet. */
export function emptySample(): SystemSample {
  return { means: new Map(), latest: new Map(), counters: new Map() }
}

/** Where the kernel tells about itself. Tests put directories of their own in the place of these. */
export type SystemRoots = { proc: string; sys: string }

/** The places of a real machine. */
export const systemRoots: SystemRoots = { proc: '/proc', sys: '/sys' }

export const megabyte = 1024 * 1024

/** The text of a file; undefined where there is none, or it may not be read. */
export function readText(...path: string[]): string | undefined {
  try {
    return readFileSync(join(...path), 'utf8')
  } catch {
    return undefined
  }
}

/** How many processors a kernel's list such as `0-3,8` names. */
export function countProcessors(list: string): number {
  return list
    .trim()
    .split(',')
    .filter((range) => /^\d+(-\d+)?$/.test(range))
    .reduce((count, range) => {
      const [first, last] = range.split('-').map(Number)
      return count + (last ?? first ?? 0) - (first ?? 0) + 1
    }, 0)
}
