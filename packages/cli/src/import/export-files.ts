import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import {
  type ExportedArtifact,
  type ExportedRun,
  type ExportManifest,
  exportedArtifactSchema,
  exportedRunSchema,
  exportManifestSchema,
  exportNames,
} from '@kiroku/core/export-format'
import type * as z from 'zod'
import { hashOf } from '../file-hash.ts'
import { readRows } from '../text-rows.ts'

/** Reads an export's manifest. Throws NOT_FOUND where there is none, BAD_REQUEST when the export was interrupted. */
export async function readManifest(directory: string): Promise<ExportManifest> {
  const path = join(directory, exportNames.manifest)
  const text = await readText(path, `${directory} is no export: there is no ${exportNames.manifest} in it`)
  const manifest = parseInput(exportManifestSchema, parseJson(text, path), path)
  if (manifest.isComplete) return manifest
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `${directory} holds an export that was interrupted; run \`kiroku export\` again with the same --to`,
  })
}

/**
 * Reads what is known of a run and makes sure that all of it is there as it was written. Throws BAD_REQUEST that names the
 * first file that is missing or has changed.
 */
export async function readExportedRun(directory: string, expected: string): Promise<ExportedRun> {
  const path = join(directory, exportNames.run)
  const text = await readText(path, `${path} is missing; export the run again`)
  if (createHash('sha256').update(text).digest('hex') !== expected) throw changed(path)
  const exported = parseInput(exportedRunSchema, parseJson(text, path), path)
  const { points, texts, console } = exported.parts
  const parts = [
    { path: join(directory, exportNames.points), sha256: points.sha256 },
    { path: join(directory, exportNames.texts), sha256: texts.sha256 },
    { path: join(directory, exportNames.console), sha256: console.sha256 },
    ...exported.files.map(({ place, sha256 }) => ({ path: fileIn(directory, place), sha256 })),
  ]
  for (const part of parts) await requireContent(part.path, part.sha256)
  return exported
}

/**
 * Reads what is told of an artifact and makes sure that its versions are told as they were written. Throws BAD_REQUEST that names
 * the file that is missing or has changed.
 */
export async function readExportedArtifact(directory: string, expected: string): Promise<ExportedArtifact> {
  const path = join(directory, exportNames.artifact)
  const text = await readText(path, `${path} is missing; export the project again`)
  if (createHash('sha256').update(text).digest('hex') !== expected) throw changed(path)
  const exported = parseInput(exportedArtifactSchema, parseJson(text, path), path)
  await requireContent(join(directory, exportNames.versions), exported.versions.sha256)
  return exported
}

/** Throws BAD_REQUEST that names a file that is missing or has changed. */
export async function requireContent(path: string, sha256: string): Promise<void> {
  if ((await hashOf(path)) !== sha256) throw changed(path)
}

/** Where the content of a file with this place lies. */
export function fileIn(directory: string, place: string): string {
  return join(directory, ...place.split('/'))
}

/** Reads a file of JSON rows, some at a time. Throws BAD_REQUEST that names the file. */
export async function* readExportedRows<T>(path: string, schema: z.ZodType<T>): AsyncIterable<T[]> {
  for await (const rows of readRows(createReadStream(path)))
    yield rows.map((row) => parseInput(schema, parseJson(row, path), path))
}

async function readText(path: string, otherwise: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new KirokuError({ code: 'NOT_FOUND', message: otherwise, cause })
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KirokuError({ code: 'BAD_REQUEST', message: `${path} is not JSON; export again`, cause })
  }
}

function changed(path: string): KirokuError {
  const message = `${path} is missing, or not as it was exported; copy the export anew, or export again`
  return new KirokuError({ code: 'BAD_REQUEST', message })
}
