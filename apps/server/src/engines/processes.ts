import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/** Where process ids mean the same: a boot of a machine, and one process namespace (a container) of it. */
export function processSpace(): string {
  const parts = [readText('/proc/sys/kernel/random/boot_id'), readLink('/proc/self/ns/pid')]
  return parts.map((part) => part?.replaceAll(/[^a-z0-9]/g, '') ?? '').join('') || process.platform
}

/**
 * When a process of this space began, in a form that only serves to compare: a process id that was given to another
 * process has another one. Undefined when there is no such process, or it is dead and only waits to be collected.
 */
export function processStart(pid: number): string | undefined {
  if (process.platform !== 'linux') return psField(pid, 'lstart')?.replaceAll(/[^A-Za-z0-9]/g, '')
  const stat = readText(`/proc/${pid}/stat`)
  // The command's name stands in parentheses and may hold anything; the fields after it are state, ppid, ...
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

/** Whether a live process is a `postgres` that works in `directory` (a real path). */
export function isPostgresIn(pid: number, directory: string): boolean {
  if (processStart(pid) === undefined) return false
  if (process.platform !== 'linux') return psField(pid, 'command')?.includes(directory) === true
  return readLink(`/proc/${pid}/cwd`) === directory && readText(`/proc/${pid}/comm`)?.startsWith('postgres') === true
}

function psField(pid: number, field: string): string | undefined {
  try {
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
