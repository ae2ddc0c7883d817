import { createHash } from 'node:crypto'
import { KirokuError } from '@kiroku/core/errors'
import { toWireRecord } from '@kiroku/core/values'
import { counted } from '../counted.ts'
import { failureLine, reportFailure } from '../failures.ts'
import { tellRejected } from '../import/tell-rejected.ts'
import { eachAtOnce } from '../jobs.ts'
import type { ServerClient } from '../server-client.ts'
import { SyncDisplay, type SyncLine } from '../sync-display.ts'
import type { Terminal } from '../terminal.ts'
import { type EventDirectory, findEventDirectories } from './find-runs.ts'
import { type ScannedRun, scanRun } from './scan.ts'
import { type SentRun, sendRun } from './send-run.ts'

export type ImportTensorboardOptions = { paths: readonly string[]; project: string; jobs: number; isVerbose: boolean }

const longestName = 256

/**
 * Imports every directory with event files at or below the paths as a run; one that cannot be read is told and the others
 * still get in. Answers how many did not get in whole. Throws where it makes no sense to go on: the server is away or
 * refuses the key.
 */
export async function importTensorboard(
  terminal: Terminal,
  client: ServerClient,
  options: ImportTensorboardOptions,
): Promise<number> {
  const directories = (await Promise.all(options.paths.map(findEventDirectories))).flat()
  const display = new SyncDisplay(terminal, directories.length, 'importing')
  let failed = 0
  try {
    await eachAtOnce(directories, options.jobs, async (directory) => {
      const line = display.begin(directory.name)
      try {
        if (!(await importDirectory(terminal, client, { directory, line, project: options.project }))) failed++
      } catch (cause) {
        line.end(undefined)
        if (cause instanceof KirokuError && (cause.code === 'UNAVAILABLE' || cause.code === 'UNAUTHORIZED')) throw cause
        failed++
        const code = cause instanceof KirokuError ? cause.code : 'INTERNAL'
        const message = `${directory.name}: ${failureLine(cause)}`
        reportFailure(terminal, new KirokuError({ code, message, cause }), options)
      }
    })
  } finally {
    display.end()
  }
  return failed
}

/** The run's id and its writer's come from the content and the name alone: the same files are always the same run. */
function identify({ digest }: ScannedRun): { run: string; writer: string } {
  const writer = createHash('sha256').update(`kiroku tensorboard writer 1 ${digest}`).digest('hex').slice(0, 16)
  return { run: digest.slice(0, 12), writer }
}

type Importing = { directory: EventDirectory; line: SyncLine; project: string }

/** Answers whether everything that was there is in. */
async function importDirectory(
  terminal: Terminal,
  client: ServerClient,
  { directory, line, project }: Importing,
): Promise<boolean> {
  const scanned = await scanRun(directory)
  const target = { project, ...identify(scanned) }
  const { ackSeq, path } = await client.createRun({
    ...target,
    startedAt: Math.max(0, scanned.firstTime),
    displayName: scanned.name.slice(-longestName),
    config: toWireRecord(scanned.hparams),
  })
  const sent = await sendRun(client, { ...target, ackSeq }, scanned, (done, total) =>
    line.move({ bytes: done, total, waitsFor: null }),
  )
  line.end(`${sent.isKnown ? 'was imported before, nothing changed' : describe(sent)} -> ${client.url}${path}`)
  for (const problem of scanned.problems) terminal.say(`${scanned.name}: ${problem}`)
  tellRejected(terminal, scanned.name, sent)
  return !scanned.isDamaged && sent.rejectedCount === 0
}

function describe({ points, others, takenBack, leftOut }: SentRun): string {
  const notRead = [...leftOut].map(([what, count]) => `${count} ${what}`).join(', ')
  return [
    counted(points, 'number'),
    others > 0 ? counted(others, 'other value') : '',
    takenBack > 0 ? `${takenBack} that a restart took back are left out` : '',
    notRead === '' ? '' : `not imported: ${notRead}`,
  ]
    .filter((part) => part !== '')
    .join('; ')
}
