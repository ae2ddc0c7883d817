import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { logFileName } from '../log/format.ts'
import { readLogHeader } from '../log/log-ends.ts'
import { isFresh, isLogLive } from '../log/log-life.ts'
import { isProcessAlive, markProcess } from '../log/process-mark.ts'
import { processMarkSchema } from '../log/schemas.ts'
import { refusedFileName, syncedFileName } from './marks.ts'

/** The file that names the process that brings a run to the server. */
const senderFileName = 'sender'

/** A run that nobody brings to its server any more. */
export type Leftover = { directory: string; url: string }

/** Says that this process brings a run to the server. Never throws. */
export function claimRun(directory: string): void {
  try {
    writeFileSync(join(directory, senderFileName), `${JSON.stringify(markProcess(process.pid))}\n`)
  } catch {
    // Two senders do each other no harm; they only do the same work.
  }
}

/**
 * The runs beside a run's directory, the newest first and `limit` at most, that were begun for a server, whose script is gone,
 * that are not on the server as a whole and that nobody brings there now.
 */
export function findLeftovers(directory: string, limit: number): Leftover[] {
  const runs = dirname(directory)
  const found: Leftover[] = []
  for (const name of namesIn(runs).sort().reverse()) {
    if (found.length >= limit) break
    const url = urlOfLeftover(join(runs, name))
    if (url !== undefined) found.push({ directory: join(runs, name), url })
  }
  return found
}

function urlOfLeftover(directory: string): string | undefined {
  const path = join(directory, logFileName)
  try {
    if (existsSync(join(directory, syncedFileName)) || existsSync(join(directory, refusedFileName))) return undefined
    if (!existsSync(path) || isClaimed(directory)) return undefined
    const header = readLogHeader(path)
    if (header === undefined || header.url === null || isLogLive(path, header)) return undefined
    return header.url
  } catch {
    return undefined
  }
}

function isClaimed(directory: string): boolean {
  const path = join(directory, senderFileName)
  if (!existsSync(path)) return false
  const mark = processMarkSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  // Of one that nobody can ask about, as of a container that was started anew, the claim holds for a while only.
  return mark.success && (isProcessAlive(mark.data) ?? isFresh(path))
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
