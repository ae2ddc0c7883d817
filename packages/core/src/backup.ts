import * as z from 'zod'
import { errorCodeSchema } from './errors.ts'
import { sha256Schema } from './files.ts'

/** What a backup is asked for with: the absolute path, on the server's machine, of the directory that it makes. */
export const backupRequestSchema = z.object({
  directory: z
    .string()
    .max(4096)
    .refine((path) => /^(\/|[A-Za-z]:[\\/])/.test(path) && !path.includes('\0'), 'an absolute path is expected'),
})
export type BackupRequest = z.infer<typeof backupRequestSchema>

/** The parts of a backup, in the order in which they are made. */
export const backupStageSchema = z.enum(['postgres', 'points', 'files'])
export type BackupStage = z.infer<typeof backupStageSchema>

/**
 * What a whole backup holds. `heldMs` is how long nothing was stored while the moment was fixed that it shows;
 * `missingContents` are contents that the server knows of and does not have.
 */
export const backupSummarySchema = z.object({
  directory: z.string(),
  files: z.number().int().nonnegative(),
  bytes: z.number().nonnegative(),
  heldMs: z.number().nonnegative(),
  missingContents: z.number().int().nonnegative(),
})
export type BackupSummary = z.infer<typeof backupSummarySchema>

/** One line of the answer to a backup's request: how far it is, then once that it is done or why it failed. */
export const backupEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), stage: backupStageSchema, doneBytes: z.number(), totalBytes: z.number() }),
  z.object({ type: z.literal('done'), summary: backupSummarySchema }),
  z.object({ type: z.literal('failed'), code: errorCodeSchema, message: z.string() }),
])
export type BackupEvent = z.infer<typeof backupEventSchema>

/** The version of the form that backups have now. */
export const backupVersion = 1

/** Names of what is at the top of a backup. The manifest is written last: without it a backup is not whole. */
export const backupNames = {
  manifest: 'manifest.json',
  contents: 'contents.jsonl',
  incomplete: 'incomplete.json',
} as const

/** A table of PostgreSQL in a backup: its rows are in `postgres/<name>.copy`, in the text form of COPY. */
export const backupTableSchema = z.object({
  name: z.string(),
  columns: z.array(z.string()).min(1),
  rows: z.number().int().nonnegative(),
})
export type BackupTable = z.infer<typeof backupTableSchema>

/** What a backup says of itself. `contents` describes the list of its files, `contents.jsonl`. */
export const backupManifestSchema = z.object({
  kind: z.literal('kiroku-backup'),
  version: z.number().int(),
  createdAt: z.string(),
  migrations: z.array(z.string()),
  tables: z.array(backupTableSchema),
  heldMs: z.number(),
  missingContents: z.number().int(),
  contents: z.object({ sha256: sha256Schema, files: z.number().int(), bytes: z.number() }),
})
export type BackupManifest = z.infer<typeof backupManifestSchema>

const firstFolders = new Set(['postgres', 'clickhouse', 'files'])

function isPathInside(path: string): boolean {
  const names = path.split('/')
  return (
    firstFolders.has(names[0] ?? '') &&
    names.length > 1 &&
    names.every((name) => name !== '' && name !== '.' && name !== '..' && !/[\\\0]/.test(name))
  )
}

/** One file of a backup, a line of `contents.jsonl`: its path below the backup, with slashes, and what it must hold. */
export const backupFileSchema = z.object({
  path: z.string().refine(isPathInside, 'a path below postgres/, clickhouse/ or files/ is expected'),
  size: z.number().int().nonnegative(),
  sha256: sha256Schema,
})
export type BackupFile = z.infer<typeof backupFileSchema>
