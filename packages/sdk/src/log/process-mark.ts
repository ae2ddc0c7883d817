import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ProcessMark } from './schemas.ts'

/** The mark of a process of this machine. */
export function markProcess(pid: number): ProcessMark {
  return { pid, start: processStart(pid), hostname: hostname(), space: processSpace() }
}

/**
 * True while the process that was marked lives; undefined for one of another machine or container. Where the system does not tell when
 * processes began, another one with its id passes for it.
 */
export function isProcessAlive({ pid, start, hostname: host, space }: ProcessMark): boolean | undefined {
  if (host !== hostname()) return undefined
  const here = processSpace()
  if (space !== null && here !== null && space !== here) return undefined
  try {
    process.kill(pid, 0)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EPERM')) return false
  }
  const now = processStart(pid)
  return start === null || now === null || now === start
}

/** When a process began, in ticks of the system since it was started and by that start's own id; null where nobody tells. */
function processStart(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    const ticks = fields[19]
    if (state === 'Z' || state === 'X' || ticks === undefined) return 'ended'
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticks}`
  } catch {
    return null
  }
}

/** The process namespace that this process is in; null where there is no such thing. */
function processSpace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return null
  }
}
