import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

/** The file that marks a run whose log is on the server from end to end. */
export const syncedFileName = 'synced'

/** The file that marks a run that the server refused for good. */
export const refusedFileName = 'refused'

/** Where a run was brought: the server, the run there and its page below the server's address, and its rows. */
export const syncedMarkSchema = z.object({
  at: z.string(),
  url: z.string(),
  project: z.string(),
  run: z.string(),
  path: z.string(),
  rows: z.number(),
})
export type SyncedMark = z.infer<typeof syncedMarkSchema>

/** Marks a run as brought to the server. Never throws: without the mark it is sent again, which changes nothing there. */
export function markSynced(directory: string, mark: Omit<SyncedMark, 'at'>): void {
  write(join(directory, syncedFileName), `${JSON.stringify({ at: new Date().toISOString(), ...mark })}\n`)
}

/** Where a run was brought; null when it is marked, but not with a place; undefined when it is not. */
export function readSyncedMark(directory: string): SyncedMark | null | undefined {
  const path = join(directory, syncedFileName)
  if (!existsSync(path)) return undefined
  try {
    const parsed = syncedMarkSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** Marks a run as refused for good. Never throws. */
export function markRefused(directory: string, why: string): void {
  write(join(directory, refusedFileName), `${why}\n`)
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch {
    // The directory is gone or takes nothing; what the mark would save is work.
  }
}
