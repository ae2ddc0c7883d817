import { KirokuError } from '@kiroku/core/errors'
import type { RunAddress } from '@kiroku/core/queries'
import { runPath } from '@kiroku/core/routes'
import { controlCharacterPattern, escapeSequencePattern } from '@kiroku/core/terminal'
import { counted } from '../counted.ts'
import { failureLine, reportFailure } from '../failures.ts'
import { eachAtOnce } from '../jobs.ts'
import { ownOrganization } from '../run-address.ts'
import type { ServerClient } from '../server-client.ts'
import { SyncDisplay, type SyncLine } from '../sync-display.ts'
import type { Terminal } from '../terminal.ts'
import { linesBefore, presenceOf } from './already-there.ts'
import { findLogs, type LogFile } from './find-logs.ts'
import {
  continueRun,
  isImported,
  projectOf,
  restWriterOf,
  type StartedRun,
  slugOf,
  startRun,
  writerOf,
} from './run-start.ts'
import { peekRun, type ScannedLog, scanLog } from './scan-log.ts'
import { type SentLog, sendLog } from './send-log.ts'

export type ImportWandbOptions = {
  paths: readonly string[]
  /** Where to; each run's own project when it is left out. */
  project: string | undefined
  jobs: number
  isVerbose: boolean
}

/** The logs of one run, from its processes in their order. */
type RunLogs = { project: string; logs: LogFile[]; parent: string | null }

const mostTold = 5
/** Names from a log may hold what would move the cursor. */
const notShown = new RegExp(`${escapeSequencePattern}|${controlCharacterPattern}`, 'g')

/**
 * Imports all logs at or below the paths; one that cannot be read is told and the others still get in. Answers how many did
 * not get in whole. Throws where it makes no sense to go on: the server is away or refuses the key.
 */
export async function importWandb(
  terminal: Terminal,
  client: ServerClient,
  options: ImportWandbOptions,
): Promise<number> {
  const files = (await Promise.all(options.paths.map(findLogs))).flat()
  const unique = [...new Map(files.map((file) => [file.path, file])).values()]
  const display = new SyncDisplay(terminal, unique.length, 'importing')
  let failed = 0
  let own: Promise<string> | undefined
  const organization = (): Promise<string> => {
    own ??= ownOrganization(client)
    return own
  }
  const fail = (name: string, cause: unknown): void => {
    if (cause instanceof KirokuError && (cause.code === 'UNAVAILABLE' || cause.code === 'UNAUTHORIZED')) throw cause
    failed++
    const code = cause instanceof KirokuError ? cause.code : 'INTERNAL'
    reportFailure(terminal, new KirokuError({ code, message: `${name}: ${failureLine(cause)}`, cause }), options)
  }
  const importRun = async ({ project, logs }: RunLogs): Promise<void> => {
    const writers = new Set<string>()
    for (const [index, file] of logs.entries()) {
      const line = display.begin(file.name)
      try {
        const importing = { terminal, client, file, line, project, organization, writers, isJoining: index > 0 }
        if (!(await importLog(importing))) failed++
      } catch (cause) {
        line.end(undefined)
        fail(file.name, cause)
        // What came after it belongs behind it.
        for (const later of logs.slice(index + 1))
          fail(
            later.name,
            new KirokuError({ code: 'CONFLICT', message: `${file.name}, which came before it, is not in` }),
          )
        return
      }
    }
  }
  try {
    const groups = await groupByRun(unique, options.project, fail)
    // What a fork begins with must be there before it.
    for (const generation of generationsOf(groups)) await eachAtOnce(generation, options.jobs, importRun)
  } finally {
    display.end()
  }
  return failed
}

async function groupByRun(
  files: readonly LogFile[],
  project: string | undefined,
  fail: (name: string, cause: unknown) => void,
): Promise<Map<string, RunLogs>> {
  const peeked: { file: LogFile; key: string; project: string; startTime: number; parent: string | null }[] = []
  for (const file of files) {
    try {
      const run = await peekRun(file)
      const to = project ?? projectOf(run)
      const slug = slugOf(run.id)
      const from = run.branchPoint === null ? slug : slugOf(run.branchPoint.run)
      const parent = from === slug ? null : `${to}/${from}`
      peeked.push({ file, key: `${to}/${slug}`, project: to, startTime: run.startTime ?? 0, parent })
    } catch (cause) {
      fail(file.name, cause)
    }
  }
  const groups = new Map<string, RunLogs>()
  for (const { file, key, project: to, parent } of peeked.sort((left, right) => left.startTime - right.startTime)) {
    const known = groups.get(key)
    if (known) known.logs.push(file)
    else groups.set(key, { project: to, logs: [file], parent })
  }
  return groups
}

/** Runs that are no forks, then the forks of these, and so on; of forks that lead in a circle each is in the last. */
function generationsOf(groups: ReadonlyMap<string, RunLogs>): RunLogs[][] {
  const generations: RunLogs[][] = []
  let left = new Map(groups)
  while (left.size > 0) {
    const ready = [...left].filter(([, { parent }]) => parent === null || !left.has(parent))
    const next = ready.length > 0 ? ready : [...left]
    generations.push(next.map(([, logs]) => logs))
    left = new Map([...left].filter(([key]) => !next.some(([other]) => other === key)))
  }
  return generations
}

type Importing = {
  terminal: Terminal
  client: ServerClient
  file: LogFile
  line: SyncLine
  project: string
  /** The one of the key. */
  organization: () => Promise<string>
  /** Those of the run that earlier logs are, as far as they were imported. */
  writers: Set<string>
  isJoining: boolean
}

/** Answers whether everything that was there is in. */
async function importLog(importing: Importing): Promise<boolean> {
  const { terminal, client, file, line } = importing
  const move = (bytes: number, total: number): void => line.move({ bytes, total, waitsFor: null })
  const log = await scanLog(file, (bytes, size) => move(bytes, 2 * size))
  const run = await openRun(importing, log)
  if ('page' in run) {
    line.end(`${run.told}; nothing changed -> ${run.page}`)
    return run.isRight
  }
  importing.writers.add(run.writer)
  const sent = await sendLog(client, log, run, (bytes) => move(log.size + bytes, 2 * log.size))
  line.end(`${sent.isKnown ? 'was imported before, nothing changed' : describe(log, sent)} -> ${client.url}${run.path}`)
  const told = [...damageOf(log), ...sent.problems, ...sent.rejected.map((reason) => `not stored: ${reason}`)]
  for (const problem of told.slice(0, mostTold)) terminal.say(`${file.name}: ${problem.replaceAll(notShown, '')}`)
  if (told.length > mostTold) terminal.say(`${file.name}: and ${told.length - mostTold} more of the like`)
  return log.damage === null && log.unreadable === 0 && sent.problems.length === 0 && sent.rejected.length === 0
}

/** The page of a run that a log is not sent to, and why not; `isRight`: the run is what its scripts made it. */
type LeftRun = { page: string; told: string; isRight: boolean }

const whole = 'is there already, as wandb sent it'
const passed = `${whole}, but for rows at its end, without which its run was gone on with or rewound since`

/** The run that a log is sent to, or one that has of it what it can have, or who knows what, from the script itself or `wandb sync`. */
async function openRun(
  { client, organization, project, writers, isJoining }: Importing,
  log: ScannedLog,
): Promise<StartedRun | LeftRun> {
  const address = { organization: await organization(), project, run: slugOf(log.first.id) }
  if (!(await isThere(client, address))) return startRun(client, log, { project, isJoining })
  const isOwn = await isImported(client, log, project, writerOf(log))
  const presence = await presenceOf(client, log, { address, imported: writers.size })
  if (isOwn) {
    const run = await startRun(client, log, { project, isJoining })
    return 'shift' in presence && !log.isShared ? { ...run, known: { shift: presence.shift } } : run
  }
  if (presence.what === 'nothing') return startRun(client, log, { project, isJoining })
  const page = client.url + runPath(address)
  if (presence.what === 'unknown')
    return { page, told: `is left out, as nobody can tell what of it is there: ${presence.why}`, isRight: false }
  if (presence.what !== 'beginning' && !(await isImported(client, log, project, restWriterOf(log))))
    return { page, told: presence.what === 'all' ? whole : passed, isRight: true }
  const lines = await linesBefore(client, log, address)
  return continueRun(client, log, project, { shift: presence.shift, lines })
}

async function isThere(client: ServerClient, address: RunAddress): Promise<boolean> {
  try {
    await client.run(address)
    return true
  } catch (cause) {
    if (cause instanceof KirokuError && cause.code === 'NOT_FOUND') return false
    throw cause
  }
}

function describe(log: ScannedLog, { rows, files }: SentLog): string {
  const leftOut = [...log.leftOut].map(([what, count]) => `${count} ${what}`).join(', ')
  return [
    counted(rows, 'row'),
    files > 0 ? counted(files, 'file') : '',
    log.exitCode === null ? 'no end: its script died or still runs' : '',
    leftOut === '' ? '' : `not imported: ${leftOut}`,
  ]
    .filter((part) => part !== '')
    .join('; ')
}

function damageOf({ file, damage, cutBytes, unreadable, first }: ScannedLog): string[] {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1)
  const slug = slugOf(first.id)
  const [places, bytes] = damage === null ? [0, 0] : [damage.count, damage.bytes]
  return [
    damage === null
      ? ''
      : `${name} is damaged in ${counted(places, 'place')}, first at byte ${damage.firstAt}: ${bytes} bytes are left out`,
    cutBytes > 0 ? `${name} ends in the middle of its last record, of which ${cutBytes} bytes are left out` : '',
    unreadable > 0 ? `${name} has ${counted(unreadable, 'record')} that could not be understood` : '',
    slug === first.id ? '' : `its id ${JSON.stringify(first.id)} cannot be one here; it is ${slug}`,
  ].filter((problem) => problem !== '')
}
