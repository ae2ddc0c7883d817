import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type BackupEvent, type BackupStage, type BackupSummary, backupEventSchema } from '@kiroku/core/backup'
import { formatBytes } from '@kiroku/core/bytes'
import { KirokuError } from '@kiroku/core/errors'
import { counted } from './counted.ts'
import type { Environment } from './env.ts'
import { dataDirectory, shownPath } from './paths.ts'
import { connect } from './server-access.ts'
import { progressBar, type Terminal } from './terminal.ts'

export type BackupOptions = { to: string; url?: string | undefined }

const stageNames: Record<BackupStage, string> = { postgres: 'runs and configs', points: 'points', files: 'files' }

/** Has the running server of this machine make a backup, and shows how far it is. Ctrl-C gives it up. */
export async function backup(terminal: Terminal, environment: Environment, { to, url }: BackupOptions): Promise<void> {
  const client = connect(url, environment)
  const summary = await followBackup(terminal, await client.backup(resolve(to)), client.url)
  terminal.progress('')
  terminal.say(`Backup of ${client.url} in ${shownPath(summary.directory)}: ${sizeOf(summary)}.`)
  if (summary.missingContents > 0)
    terminal.say(
      `${counted(summary.missingContents, 'file')} of runs could not be put in it: the server's disk has lost them.`,
    )
  terminal.say(`\`kiroku restore-backup ${shownPath(summary.directory)} --data DIR\` makes a data directory of it.`)
}

/**
 * Shows how far a backup is by the lines that a server tells of it; answers what came of it. Throws what the server says, and
 * UNAVAILABLE when it breaks off.
 */
export async function followBackup(
  terminal: Pick<Terminal, 'progress'>,
  body: Readable,
  url: string,
): Promise<BackupSummary> {
  const brokeOff = (cause?: unknown): KirokuError =>
    new KirokuError({
      code: 'UNAVAILABLE',
      message: `${url} broke off the backup; what there was of it is not whole`,
      cause,
    })
  const lines = createInterface({ input: body })[Symbol.asyncIterator]()
  for (;;) {
    const line = await lines.next().catch((cause: unknown) => {
      throw brokeOff(cause)
    })
    if (line.done) throw brokeOff()
    const event: BackupEvent = backupEventSchema.parse(JSON.parse(line.value))
    if (event.type === 'done') return event.summary
    if (event.type === 'failed') throw new KirokuError({ code: event.code, message: `${url}: ${event.message}` })
    const { stage, doneBytes, totalBytes } = event
    terminal.progress(`${stageNames[stage].padEnd(16)}  ${progressBar(doneBytes, totalBytes)}`)
  }
}

/** Reads every file of a backup, without a server. Throws when one is missing or damaged. */
export async function verifyBackupOf(terminal: Terminal, path: string): Promise<void> {
  const { verifyBackup } = await import('@kiroku/server/backup')
  const manifest = await verifyBackup(path, (done, total) => terminal.progress(`checking  ${progressBar(done, total)}`))
  terminal.progress('')
  terminal.say(`${shownPath(resolve(path))} is whole: ${sizeOf(manifest.contents)}, made ${manifest.createdAt}.`)
}

export type RestoreBackupOptions = { from: string; data?: string | undefined }

/** Makes a new data directory from a backup. */
export async function restoreBackupTo(
  terminal: Terminal,
  environment: Environment,
  { from, data }: RestoreBackupOptions,
): Promise<void> {
  const { restoreBackup } = await import('@kiroku/server/backup')
  const dataDir = dataDirectory(data, environment)
  const tell = (done: number, total: number): void => terminal.progress(`restoring  ${progressBar(done, total)}`)
  const { createdAt, contents } = await restoreBackup({ from, dataDir, filesDir: environment.KIROKU_FILES_DIR, tell })
  terminal.progress('')
  terminal.say(`Restored the backup of ${createdAt} (${sizeOf(contents)}) into ${shownPath(dataDir)}.`)
  terminal.say(`\`kiroku up --data ${shownPath(dataDir)}\` starts it, with all keys that were valid then.`)
}

const sizeOf = ({ files, bytes }: { files: number; bytes: number }): string =>
  `${counted(files, 'file')}, ${formatBytes(bytes)}`
