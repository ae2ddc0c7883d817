import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { logFileName } from '../log/format.ts'
import { readLogHeader } from '../log/log-ends.ts'
import { isLogLive } from '../log/log-life.ts'
import type { LogHeader } from '../log/schemas.ts'
import { readSyncedMark, refusedFileName, type SyncedMark } from '../sidecar/marks.ts'

/**
 * A run on this disk. `live`: its script is writing to it; `synced`: all of it is on a server. `url` is the server that it was
 * begun for; null for an offline one. `project` and `startedAt` (unix milliseconds) are null where the log's beginning cannot be
 * read. `bytes` is the log's length.
 */
export type LocalRunInfo = {
  directory: string
  id: string
  project: string | null
  displayName: string | null
  startedAt: number | null
  mode: 'online' | 'offline'
  url: string | null
  state: 'live' | 'unsynced' | 'synced'
  /** Where it was brought, for a synced one. */
  synced: SyncedMark | null
  /** The server refused it for good, for instance because the run that it was to resume is not known. */
  isRefused: boolean
  bytes: number
}

/**
 * The runs at or below a directory, oldest first: of a workspace (`.kiroku`, or the directory that holds it), of a `runs`
 * directory, or the one whose directory or log it is. What cannot be read is passed over.
 */
export function findRuns(directory: string): LocalRunInfo[] {
  const at = resolve(directory)
  const own = basename(at) === logFileName ? dirname(at) : at
  if (hasLog(own)) return known([own])
  const places = [own, join(own, 'runs'), join(own, '.kiroku', 'runs')]
  const runs = known(places.flatMap((place) => namesIn(place).map((name) => join(place, name))))
  return runs.sort((left, right) => (left.startedAt ?? 0) - (right.startedAt ?? 0))
}

/** The id of a run whose log does not tell it, from its directory's name. */
export function idOfDirectory(directory: string): string {
  const name = basename(directory)
  return /^run-\d{8}_\d{6}-(.+)$/.exec(name)?.[1] ?? name
}

/** False for an empty log too, of a script that was killed before it had written anything. */
function hasLog(directory: string): boolean {
  return (statSync(join(directory, logFileName), { throwIfNoEntry: false })?.size ?? 0) > 0
}

function known(directories: readonly string[]): LocalRunInfo[] {
  return directories.flatMap((directory) => {
    try {
      return hasLog(directory) ? [readLocalRun(directory)] : []
    } catch {
      return []
    }
  })
}

function readLocalRun(directory: string): LocalRunInfo {
  const path = join(directory, logFileName)
  const header = readLogHeader(path)
  const mark = readSyncedMark(directory)
  return {
    directory,
    id: header?.create.run ?? idOfDirectory(directory),
    project: header?.create.project ?? null,
    displayName: header?.create.displayName ?? null,
    startedAt: header?.create.startedAt ?? null,
    mode: header !== undefined && header.url === null ? 'offline' : 'online',
    url: header?.url ?? null,
    state: stateOf(path, { header, isSynced: mark !== undefined }),
    synced: mark ?? null,
    isRefused: existsSync(join(directory, refusedFileName)),
    bytes: statSync(path).size,
  }
}

function stateOf(
  path: string,
  { header, isSynced }: { header: LogHeader | undefined; isSynced: boolean },
): LocalRunInfo['state'] {
  if (isSynced) return 'synced'
  return isLogLive(path, header) ? 'live' : 'unsynced'
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
