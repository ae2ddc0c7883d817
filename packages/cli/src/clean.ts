import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { KirokuError } from '@kiroku/core/errors'
import type { LocalRunInfo } from '@kiroku/sdk/sync'
import { localRuns } from './local-runs.ts'
import { shownPath } from './paths.ts'
import type { Terminal } from './terminal.ts'

export type CleanOptions = {
  root: string
  minHours: number
  /** Also runs that no server has: they are lost. */
  includesUnsynced: boolean
  isDryRun: boolean
  isAgreed: boolean
}

/**
 * Deletes the local folders of runs that are on a server and were last written to `minHours` ago or earlier; asks before,
 * unless it is agreed. What a script still writes to stays. Throws BAD_REQUEST where nobody can be asked.
 */
export async function clean(terminal: Terminal, options: CleanOptions): Promise<void> {
  const runs = localRuns([options.root])
  const latest = Date.now() - options.minHours * 3_600_000
  const chosen: LocalRunInfo[] = []
  for (const run of runs) {
    const isWanted = run.state === 'synced' || (run.state === 'unsynced' && options.includesUnsynced)
    if (isWanted && (await lastWrite(run)) <= latest) chosen.push(run)
  }
  const left = runs.length - chosen.length
  if (chosen.length === 0) {
    const why = left > 0 ? `; ${left} stay: ${whyKept(runs, options)}` : ''
    terminal.say(`No local run to delete in ${shownPath(options.root)}${why}`)
    return
  }
  for (const run of chosen) terminal.say(`${shownPath(run.directory)}${run.state === 'unsynced' ? '  not synced' : ''}`)
  if (options.isDryRun) {
    terminal.say(`Would delete ${counted(chosen.length)}; ${left} would stay`)
    return
  }
  const unsynced = chosen.filter(({ state }) => state === 'unsynced').length
  const loss = unsynced > 0 ? `, ${unsynced} of them on no server` : ''
  if (!options.isAgreed && !(await agree(`Delete ${counted(chosen.length)}${loss}? [y/N] `))) {
    terminal.say('Nothing is deleted')
    return
  }
  for (const { directory } of chosen) await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  terminal.say(`Deleted ${counted(chosen.length)}; ${left} stay`)
}

/** Why none of these runs may be deleted. */
function whyKept(runs: readonly LocalRunInfo[], { includesUnsynced, minHours }: CleanOptions): string {
  const live = runs.filter(({ state }) => state === 'live').length
  const unsynced = includesUnsynced ? 0 : runs.filter(({ state }) => state === 'unsynced').length
  const young = runs.length - live - unsynced
  return [
    live > 0 ? `${live} still running` : '',
    unsynced > 0 ? `${unsynced} not synced` : '',
    young > 0 ? `${young} written to in the last ${minHours} h (--min-hours)` : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}

const counted = (count: number): string => `${count} local run${count === 1 ? '' : 's'}`

/** When the newest of a run's own files was written, in unix milliseconds. */
async function lastWrite({ directory }: LocalRunInfo): Promise<number> {
  const times = ['run.klog', 'synced'].map((name) =>
    stat(join(directory, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  )
  return Math.max(...(await Promise.all(times)))
}

async function agree(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new KirokuError({ code: 'BAD_REQUEST', message: 'there is no terminal to ask on: pass --yes, or --dry-run' })
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(question)).trim())
  } finally {
    lines.close()
  }
}
