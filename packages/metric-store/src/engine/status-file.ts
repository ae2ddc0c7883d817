import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** ClickHouse locks this file of its directory and writes its process id in it; a killed process leaves it unlocked. */
const statusFileOf = (directory: string): string => join(directory, 'status')

/**
 * Whether another process has the directory open, by the kernel's list of locks. False where there is no such list: there
 * ClickHouse finds out, but says so on the standard error stream.
 */
export function isLockedByOther(directory: string): boolean {
  try {
    const { ino } = statSync(statusFileOf(directory))
    return readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .some((line) => {
        const [, kind, , , pid, place] = line.trim().split(/\s+/)
        return kind === 'FLOCK' && Number(pid) !== process.pid && place?.split(':')[2] === String(ino)
      })
  } catch {
    return false
  }
}

/** The living other process that wrote the directory's status file, if there is one. */
export function ownerOf(directory: string): number | undefined {
  try {
    const pid = Number(/^PID: (\d+)/m.exec(readFileSync(statusFileOf(directory), 'utf8'))?.[1])
    if (!Number.isInteger(pid) || pid === process.pid) return undefined
    process.kill(pid, 0)
    return pid
  } catch {
    return undefined
  }
}
