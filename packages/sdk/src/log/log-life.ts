import { statSync } from 'node:fs'
import { hasLogEnd } from './log-ends.ts'
import { isProcessAlive } from './process-mark.ts'
import type { LogHeader } from './schemas.ts'

/** A log whose writer nobody can ask about counts as written while it changed this lately. */
export const silenceMs = 300_000

/** True while a script writes to the log, as far as this machine can tell. Throws what the file system throws. */
export function isLogLive(path: string, header: Pick<LogHeader, 'process'> | undefined): boolean {
  if (hasLogEnd(path)) return false
  const mark = header?.process ?? null
  const isAlive = mark === null ? undefined : isProcessAlive(mark)
  return isAlive ?? isFresh(path)
}

/** Whether a file changed lately. Throws what the file system throws. */
export function isFresh(path: string): boolean {
  return Date.now() - statSync(path).mtimeMs < silenceMs
}
