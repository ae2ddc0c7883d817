import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { projectNameSchema, runSlugSchema } from '@kiroku/core/ids'
import { type CreateRunInput, type CreateRunResult, maxTimeMs, tagSchema } from '@kiroku/core/runs'
import { cleanText } from '@kiroku/core/values'
import { readEnvironment } from '@kiroku/wandb-format/environment'
import { type ExtendedRecord, parseExtendedRecord } from '@kiroku/wandb-format/extended-json'
import type { ServerClient } from '../server-client.ts'
import type { RunFields } from './run-fields.ts'
import type { ScannedLog } from './scan-log.ts'

const maxTags = 256

/** A run's id here: the client's own where it can be one, else its letters and digits with a part of its hash. */
export function slugOf(id: string): string {
  if (runSlugSchema.safeParse(id).success) return id
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 8)
  const part = id.replaceAll(/[^A-Za-z0-9._]+/g, '-').slice(0, 50)
  return `${part.replace(/-$/, '')}-${hash}`
}

/** The project of a run that goes to its own: what it was called, where that can be a name here. */
export function projectOf({ project }: RunFields): string {
  return projectNameSchema.safeParse(project).success ? project : 'uncategorized'
}

/** The writer that a log is, the same when the file has grown. */
export function writerOf({ identity }: ScannedLog): string {
  return createHash('sha256').update(`kiroku wandb writer 1 ${identity}`).digest('hex').slice(0, 16)
}

/** The writer that adds the rest of a log whose beginning came another way. */
export function restWriterOf({ identity }: ScannedLog): string {
  return createHash('sha256').update(`kiroku wandb rest 1 ${identity}`).digest('hex').slice(0, 16)
}

/** When the script of a log began, in unix milliseconds. */
export function startOf({ first, lastTime }: Pick<ScannedLog, 'first' | 'lastTime'>): number {
  return Math.min(maxTimeMs, Math.max(0, first.startTime ?? lastTime ?? 0))
}

/** A run that a log was sent to, by which writer, what its log asked for that could not be had, and what of it was there before. */
export type StartedRun = CreateRunResult & { writer: string; problems: string[]; known?: KnownRows }
/** What was added to the steps of rows that are there, and how many lines of each stream came another way. */
export type KnownRows = { shift: number; lines?: Readonly<Record<'stdout' | 'stderr', number>> }

/** Opens the run of a log whose beginning is there, to add what is not. The same again changes nothing. */
export async function continueRun(
  client: ServerClient,
  log: ScannedLog,
  project: string,
  known: KnownRows,
): Promise<StartedRun> {
  const { input, problems } = await inputOf(log, project)
  const writer = restWriterOf(log)
  return { ...(await client.createRun({ ...input, writer, resume: 'allow' })), writer, problems, known }
}

/** Whether an import brought some of the log by this writer before. The run must be there. */
export async function isImported(
  client: ServerClient,
  log: ScannedLog,
  project: string,
  writer: string,
): Promise<boolean> {
  const { input } = await inputOf(log, project)
  try {
    await client.createRun({ ...input, writer, resume: 'never' })
    return true
  } catch (cause) {
    if (cause instanceof KirokuError && cause.code === 'CONFLICT') return false
    throw cause
  }
}

/**
 * Opens a log's run: a new one, or, where the log says so, one that goes on, is rewound or is a fork. `isJoining`: an earlier
 * log of the same run is in. Throws CONFLICT when the project has a run of that id which is another one.
 */
export async function startRun(
  client: ServerClient,
  log: ScannedLog,
  { project, isJoining }: { project: string; isJoining: boolean },
): Promise<StartedRun> {
  const { first } = log
  const { input, problems } = await inputOf(log, project)
  const { writer } = input
  const { branchPoint } = first
  if (branchPoint !== null) {
    const run = slugOf(branchPoint.run)
    const isRewind = run === input.run
    const { step } = branchPoint
    const asked = isRewind ? { rewind: { step } } : { fork: { run, step } }
    try {
      return { ...(await client.createRun({ ...input, ...asked })), writer, problems }
    } catch (cause) {
      if (!(cause instanceof KirokuError)) throw cause
      if (cause.code === 'CONFLICT') throw otherRun(project, input.run, cause)
      if (cause.code !== 'NOT_FOUND') throw cause
      const what = isRewind ? 'its own earlier rows' : `the rows of ${run}`
      const problem = `it goes on from step ${step} of ${run}, which is not in the project ${project}: ${what} are not in it`
      return { ...(await plainRun(client, input, isJoining)), writer, problems: [...problems, problem] }
    }
  }
  if (first.isResume) return { ...(await client.createRun({ ...input, resume: 'allow' })), writer, problems }
  return { ...(await plainRun(client, input, isJoining)), writer, problems }
}

async function plainRun(client: ServerClient, input: CreateRunInput, isJoining: boolean): Promise<CreateRunResult> {
  try {
    return await client.createRun(isJoining ? input : { ...input, resume: 'never' })
  } catch (cause) {
    if (cause instanceof KirokuError && cause.code === 'CONFLICT') throw otherRun(input.project, input.run, cause)
    throw cause
  }
}

function otherRun(project: string, run: string, cause: unknown): KirokuError {
  const message = `the project ${project} has, or had, another run ${run}, which is left as it is; import into another project with --project`
  return new KirokuError({ code: 'CONFLICT', message, cause })
}

/** What is too long is cut or left out, which `problems` tells. */
async function inputOf(log: ScannedLog, project: string): Promise<{ input: CreateRunInput; problems: string[] }> {
  const { last, first, clientVersion } = log
  const { git, host } = readEnvironment(await environmentOf(log), clientVersion)
  const problems: string[] = []
  const text = (value: string, most: number, what: string): string | undefined => {
    const clean = cleanText(value)
    if (clean.length > most) problems.push(`its ${what} is cut after ${most} characters`)
    return cleanText(clean.slice(0, most)) || undefined
  }
  const tags = [...new Set(last.tags.map(cleanText))]
  const kept = tags.filter((tag) => tagSchema.safeParse(tag).success).slice(0, maxTags)
  if (kept.length < tags.length) problems.push(`${tags.length - kept.length} of its tags are too long or too many`)
  const input = {
    project,
    run: slugOf(first.id),
    writer: writerOf(log),
    startedAt: startOf(log),
    shared: log.isShared,
    displayName: text(last.displayName, 256, 'name'),
    group: text(last.group, 256, 'group'),
    jobType: text(last.jobType, 256, 'job type'),
    notes: text(last.notes, 65_536, 'notes'),
    // A log that goes on with a run and names no tags leaves those that it has.
    tags: kept.length > 0 ? kept : undefined,
    git,
    host,
  }
  return { input, problems }
}

/** When a log's script says that it began, in unix milliseconds; null where it does not. */
export async function scriptStartOf(log: ScannedLog): Promise<number | null> {
  return readEnvironment(await environmentOf(log), null).startedAt
}

/** From the log, and of what an older client's has not from the file beside it. */
async function environmentOf({ environment, last, first, file }: ScannedLog): Promise<ExtendedRecord> {
  const git = last.git ?? first.git
  const told: ExtendedRecord = { ...(last.host !== '' && { host: last.host }), ...(git && { git }) }
  return { ...(await metadataOf(join(file.directory, 'files'))), ...told, ...environment }
}

async function metadataOf(directory: string): Promise<ExtendedRecord> {
  try {
    return parseExtendedRecord(await readFile(join(directory, 'wandb-metadata.json'), 'utf8'))
  } catch {
    return {}
  }
}
