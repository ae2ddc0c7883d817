import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { encodeHistoryBatch } from '@kiroku/core/history'
import { failureLine, reportFailure } from '../failures.ts'
import type { ServerClient } from '../server-client.ts'
import { progressBar, type Terminal } from '../terminal.ts'
import { trainerBatches, trainerDefinitions } from './batches.ts'
import { readTrainerState, type TrainerState } from './trainer-state.ts'

export type ImportOptions = { files: readonly string[]; project: string; isVerbose: boolean }

/**
 * Imports each file as a run; a bad one is told and the others still get in. Answers how many could not be imported.
 * Throws where it makes no sense to go on: the server is away or refuses the key.
 */
export async function importTrainerStates(
  terminal: Terminal,
  client: ServerClient,
  options: ImportOptions,
): Promise<number> {
  let failed = 0
  for (const file of options.files) {
    try {
      await importFile(terminal, client, file, options.project)
    } catch (error) {
      terminal.progress('')
      if (error instanceof KirokuError && (error.code === 'UNAVAILABLE' || error.code === 'UNAUTHORIZED')) throw error
      failed++
      reportFailure(terminal, named(file, error), options)
    }
  }
  return failed
}

function named(file: string, cause: unknown): KirokuError {
  const code = cause instanceof KirokuError ? cause.code : 'INTERNAL'
  return new KirokuError({ code, message: `${file}: ${failureLine(cause)}`, cause })
}

/** The run's id and its writer's come from the content alone: the same file is always the same run. */
function identify({ digest }: TrainerState): { run: string; writer: string } {
  const writer = createHash('sha256').update(`kiroku trainer-state 1 ${digest}`).digest('hex').slice(0, 16)
  return { run: digest.slice(0, 12), writer }
}

async function importFile(terminal: Terminal, client: ServerClient, file: string, project: string): Promise<void> {
  const { bytes, modifiedAt } = await readBytes(file)
  const state = readTrainerState(bytes)
  const target = { project, ...identify(state) }
  const run = await client.createRun({
    ...target,
    startedAt: modifiedAt,
    displayName: displayName(file),
    jobType: 'train',
    config: state.config,
    definitions: trainerDefinitions,
  })
  const isKnown = await send(terminal, client, state, { ...target, file, modifiedAt, ackSeq: run.ackSeq })
  const points = state.rows.reduce((sum, row) => sum + row.numbers.size + row.texts.size, 0)
  const what = `${state.rows.length} steps, ${points} values`
  terminal.say(`${file}: ${isKnown ? 'was imported before, nothing changed' : what} -> ${client.url}${run.path}`)
  if (state.replacedCount > 0) {
    terminal.say(`${file}: ${state.replacedCount} values were logged again at the same step; the later ones are kept`)
  }
}

type Sending = { project: string; run: string; writer: string; file: string; modifiedAt: number; ackSeq: number }

/** Sends what the server does not have yet; answers whether it had all of it. */
async function send(terminal: Terminal, client: ServerClient, state: TrainerState, to: Sending): Promise<boolean> {
  const batches = [...trainerBatches(state.rows, to.modifiedAt, to)]
  const total = batches.at(-1)?.lastSeq ?? 0
  let ackSeq = to.ackSeq
  for (const { project, run, writer, ...records } of batches) {
    if (records.lastSeq <= ackSeq) continue
    terminal.progress(`${basename(to.file)}  ${progressBar(records.firstSeq - 1, total)}`)
    const answer = await client.ingest(encodeHistoryBatch({ project, run, writer, ...records }))
    ackSeq = answer.ackSeq
    for (const { metric, reason } of answer.rejected) terminal.say(`${to.file}: ${metric} is not stored: ${reason}`)
  }
  terminal.progress('')
  return to.ackSeq >= total
}

async function readBytes(file: string): Promise<{ bytes: Uint8Array; modifiedAt: number }> {
  try {
    return { bytes: await readFile(file), modifiedAt: Math.trunc((await stat(file)).mtimeMs) }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : String(cause)
    throw new KirokuError({ code: 'NOT_FOUND', message: `${why}; name a trainer_state.json`, cause })
  }
}

/** A file's own name, or its directory's where it is plainly `trainer_state.json`. */
function displayName(file: string): string {
  const name = basename(file)
    .replace(/\.gz$/, '')
    .replace(/\.json$/, '')
    .replace(/\.trainer_state$/, '')
  const telling = name === 'trainer_state' ? basename(dirname(resolve(file))) : name
  return telling.slice(0, 256) || 'trainer_state'
}
