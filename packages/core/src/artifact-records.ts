import * as z from 'zod'
import {
  artifactAddressSchema,
  artifactAliasSchema,
  artifactNameSchema,
  artifactTypeSchema,
  md5Schema,
} from './artifacts.ts'
import { sha256Schema } from './files.ts'
import { projectNameSchema, runSlugSchema } from './ids.ts'
import { projectPathSchema } from './projects.ts'
import { maxTimeMs } from './runs.ts'
import { isStorableText, wireRecordSchema } from './values.ts'

const timeSchema = z.number().int().nonnegative().max(maxTimeMs)
const versionNumberSchema = z.int32().nonnegative()
const textSchema = (most: number) =>
  z.string().max(most, `expected at most ${most} characters`).refine(isStorableText, 'expected well-formed text')
const tagsSchema = z.array(textSchema(128).min(1))
const digestSchema = z.string().regex(/^[0-9a-f]{32}$/, 'a digest is 32 hexadecimal digits')

/** All that is told of an artifact's name beside its versions. `nextVersion` is above every number that was ever given. */
export const artifactCollectionRecordSchema = z.object({
  name: artifactNameSchema,
  type: artifactTypeSchema,
  isPortfolio: z.boolean(),
  description: textSchema(65_536).nullable(),
  tags: tagsSchema,
  /** Unix milliseconds. */
  createdAt: timeSchema,
  nextVersion: versionNumberSchema,
})
export type ArtifactCollectionRecord = z.infer<typeof artifactCollectionRecordSchema>

/** A version by its names; `project` is null for one of the project that tells of it. */
export const versionReferenceSchema = z.object({
  project: projectNameSchema.nullable(),
  name: artifactNameSchema,
  version: versionNumberSchema,
  digest: digestSchema,
})
export type VersionReference = z.infer<typeof versionReferenceSchema>

/** What a version is, beside its files. Times in unix milliseconds, `size` in bytes, `metadata` in wire form. */
export const madeVersionSchema = z.object({
  /** The id that it was made under. Where it was brought in from elsewhere it has another one of its own. */
  id: z.uuid(),
  digest: digestSchema,
  description: textSchema(65_536).nullable(),
  metadata: wireRecordSchema,
  tags: tagsSchema,
  size: z.number().int().nonnegative(),
  fileCount: z.number().int().nonnegative(),
  historyStep: z.number().int().nullable(),
  /** The run of the same project that made it first. */
  createdBy: runSlugSchema.nullable(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  committedAt: timeSchema,
  /** The content with the list of its files, as the client wrote it. */
  manifest: z.object({
    sha256: sha256Schema,
    size: z.number().int().nonnegative(),
    md5: md5Schema,
  }),
  /** What clients called it before they knew its id. */
  clients: z.array(textSchema(256).min(1)),
})
export type MadeVersion = z.infer<typeof madeVersionSchema>

/**
 * A version of a collection, so that it can be made again elsewhere: `made` of one that was made under this name, `linked` of
 * one that a portfolio has from elsewhere.
 */
export const artifactVersionRecordSchema = z
  .object({
    version: versionNumberSchema,
    /** When the collection got it, unix milliseconds. */
    createdAt: timeSchema,
    aliases: z.array(artifactAliasSchema),
    made: madeVersionSchema.nullable(),
    linked: versionReferenceSchema.nullable(),
  })
  .refine(({ made, linked }) => (made === null) !== (linked === null), 'expected one of `made` and `linked`')
export type ArtifactVersionRecord = z.infer<typeof artifactVersionRecordSchema>

/** That a run of a project used or made a version, which an input may have from another project. */
export const lineageRecordSchema = z.object({
  run: runSlugSchema,
  role: z.enum(['input', 'output']),
  artifact: versionReferenceSchema,
  usedAs: textSchema(256).nullable(),
  /** Unix milliseconds. */
  createdAt: timeSchema,
})
export type LineageRecord = z.infer<typeof lineageRecordSchema>

const cursorSchema = z.string().max(2048).optional()
const nextCursorSchema = z.string().nullable()

/** `artifactRecords.collections`: all that ever had a version, by name. */
export const collectionRecordsInputSchema = projectPathSchema.extend({
  limit: z.number().int().min(1).max(1000).default(200),
  cursor: cursorSchema,
})
export const collectionRecordsSchema = z.object({
  collections: z.array(artifactCollectionRecordSchema),
  nextCursor: nextCursorSchema,
})

/** `artifactRecords.versions`: by number, the lowest first. Those that are linked from deleted projects are left out. */
export const versionRecordsInputSchema = artifactAddressSchema.extend({
  limit: z.number().int().min(1).max(100).default(20),
  /** The number of the last version that is passed over. */
  cursor: z
    .string()
    .regex(/^-?\d{1,9}$/, 'expected a number of a version')
    .optional(),
})
export const versionRecordsSchema = z.object({
  versions: z.array(artifactVersionRecordSchema),
  nextCursor: nextCursorSchema,
})

/** `artifactRecords.lineage`: by run. Deleted runs, and artifacts of deleted projects, are left out. */
export const lineageRecordsInputSchema = collectionRecordsInputSchema
export const lineageRecordsSchema = z.object({ lineage: z.array(lineageRecordSchema), nextCursor: nextCursorSchema })

/**
 * `artifactRecords.import`: makes a collection where there is none, and a version of it under its number. The contents of a
 * version that was made there are uploaded before. Again, it changes nothing.
 */
export const importArtifactInputSchema = projectPathSchema.extend({
  collection: artifactCollectionRecordSchema,
  version: artifactVersionRecordSchema.nullable(),
})
export type ImportArtifactInput = z.infer<typeof importArtifactInputSchema>
export const importedArtifactSchema = z.object({
  /** Whether the version was there already. */
  isKnown: z.boolean(),
  /** Aliases that it did not get, since another version has them here. */
  takenAliases: z.array(z.string()),
})
export type ImportedArtifact = z.infer<typeof importedArtifactSchema>

/** `artifactRecords.importLineage`: what of it the project, or another one that it names, has no run or version for comes back. */
export const importLineageInputSchema = projectPathSchema.extend({
  lineage: z.array(lineageRecordSchema).min(1).max(1000),
})
export const importedLineageSchema = z.object({ missing: z.array(lineageRecordSchema) })
