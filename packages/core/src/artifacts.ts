import * as z from 'zod'
import { sha256Schema } from './files.ts'
import { projectNameSchema, runSlugSchema } from './ids.ts'
import { projectPathSchema } from './projects.ts'
import { isStorableText, wireRecordSchema } from './values.ts'

/** The largest file that an artifact may have, in bytes. */
export const maxArtifactFileBytes = 64 * 1024 * 1024 * 1024

/** The most files that one version may have. */
export const maxArtifactFiles = 200_000

/** The largest list of files that a client may send for a version, in bytes. */
export const maxManifestBytes = 128 * 1024 * 1024

const plainName = (what: string) =>
  z
    .string()
    .min(1, `${what} must not be empty`)
    .max(128, `${what} has at most 128 characters`)
    .refine(isStorableText, `${what} must be well-formed text without NUL`)
    .refine((text) => text.trim() === text, `${what} must not begin or end with a space`)

/** An artifact's name: unique in its project, 1 to 128 characters, none of `/ : \ # ? %`. */
export const artifactNameSchema = plainName('an artifact name')
  .regex(/^[^/:\\#?%]+$/, 'an artifact name must not contain any of / : \\ # ? %')
  .refine((name) => name !== '.' && name !== '..', 'an artifact name must not be . or ..')

/** What kind of thing an artifact is, such as `model`: 1 to 128 characters, none of `/ :`. */
export const artifactTypeSchema = plainName('an artifact type').regex(
  /^[^/:]+$/,
  'an artifact type must not contain any of / :',
)

/** A version's number as people write it: `v0`. */
export const versionNamePattern = /^v(\d{1,9})$/

/** A name that one version of an artifact has at a time: 1 to 128 characters, none of `/ :`, and no version's number. */
export const artifactAliasSchema = plainName('an alias')
  .regex(/^[^/:]+$/, 'an alias must not contain any of / :')
  .refine((alias) => !versionNamePattern.test(alias), 'an alias must not look like a version, as v0 does')

/** The alias of the version that was made last. */
export const latestAlias = 'latest'

/** Where a file is in an artifact: names parted by `/`, none of them empty, `.` or `..`, at most 1024 characters. */
export const artifactPathSchema = z
  .string()
  .min(1, 'a path in an artifact must not be empty')
  .max(1024, 'a path in an artifact has at most 1024 characters')
  .refine(isStorableText, 'a path in an artifact must be well-formed text without NUL')
  .refine(
    (path) => path.split('/').every((name) => name !== '' && name !== '.' && name !== '..'),
    'a path in an artifact must be relative, without empty names, . or ..',
  )

/** The MD5 of a content: 16 bytes in base64. */
export const md5Schema = z.string().regex(/^[A-Za-z0-9+/]{21}[AQgw]==$/, 'an MD5 is 16 bytes in base64')

/** A run by its project and id, and how it is called. */
export const runReferenceSchema = z.object({
  id: z.uuid(),
  project: projectNameSchema,
  run: runSlugSchema,
  displayName: z.string(),
})
export type RunReference = z.infer<typeof runReferenceSchema>

const versionShape = {
  /** The project and the collection that it was made in. */
  project: projectNameSchema,
  name: artifactNameSchema,
  type: artifactTypeSchema,
  version: z.number().int().nonnegative(),
  aliases: z.array(z.string()),
}

/** One version of an artifact. `size` in bytes, times in unix milliseconds. */
export const artifactVersionSchema = z.object({
  ...versionShape,
  digest: z.string(),
  size: z.number().int().nonnegative(),
  fileCount: z.number().int().nonnegative(),
  createdAt: z.number(),
  /** The run that made it first; null where none did, or it is deleted. */
  createdBy: runReferenceSchema.nullable(),
})
export type ArtifactVersion = z.infer<typeof artifactVersionSchema>

/** `artifacts.byRun`: what a run used and what it made, each with the runs on its other side, the newest first. */
export const artifactLineageSchema = z.object({
  inputs: z.array(artifactVersionSchema),
  outputs: z.array(artifactVersionSchema.extend({ usedBy: z.array(runReferenceSchema) })),
  /** How many there are of each; lists have at most `maxLineage`, the last ones. */
  inputCount: z.number().int().nonnegative(),
  outputCount: z.number().int().nonnegative(),
})
export type ArtifactLineage = z.infer<typeof artifactLineageSchema>

/** The most artifacts of one side of a run, and the most runs of one artifact, that are listed. Counts tell of the others. */
export const maxLineage = 500

/** An artifact of a project, with its last version. */
export const artifactSchema = z.object({
  name: artifactNameSchema,
  type: artifactTypeSchema,
  description: z.string().nullable(),
  /** Its versions were made under other names and are linked here. */
  isPortfolio: z.boolean(),
  versionCount: z.number().int().nonnegative(),
  latestVersion: z.number().int().nonnegative(),
  latestSize: z.number().int().nonnegative(),
  latestAt: z.number(),
})
export type Artifact = z.infer<typeof artifactSchema>

const pageShape = {
  limit: z.number().int().min(1).max(1000).default(200),
  /** `nextCursor` of the page before. */
  cursor: z.string().max(2048).optional(),
}

/** `artifacts.list`: by name; of one type where `type` is given. Those of logged tables only where `type` names them. */
export const artifactListInputSchema = projectPathSchema.extend({ ...pageShape, type: artifactTypeSchema.optional() })
export const artifactListSchema = z.object({
  artifacts: z.array(artifactSchema),
  total: z.number().int().nonnegative(),
  /** All types of the project, and how many artifacts each has. */
  types: z.array(z.object({ type: z.string(), count: z.number().int() })),
  nextCursor: z.string().nullable(),
})
export type ArtifactList = z.infer<typeof artifactListSchema>

/** The types of what `wandb` makes of logged tables, whole and by added rows, and what people call them. */
export const runTableTypes: ReadonlyMap<string, string> = new Map([
  ['run_table', 'logged tables'],
  ['wandb-run-incremental-table', 'rows of logged tables'],
])

/** An artifact by its name. */
export const artifactAddressSchema = projectPathSchema.extend({ name: artifactNameSchema })
export type ArtifactAddress = z.infer<typeof artifactAddressSchema>

/** `artifacts.versions`: the newest first. */
export const artifactVersionsInputSchema = artifactAddressSchema.extend(pageShape)
export const artifactVersionsSchema = z.object({
  artifact: artifactSchema,
  versions: z.array(artifactVersionSchema),
  nextCursor: z.string().nullable(),
})
export type ArtifactVersions = z.infer<typeof artifactVersionsSchema>

/** One version by its number or one of its aliases. */
export const versionAddressSchema = artifactAddressSchema.extend({ version: z.string().min(1).max(128) })
export type VersionAddress = z.infer<typeof versionAddressSchema>

/** `artifacts.byVersion`: all that is known of a version. `metadata` is in wire form. */
export const artifactDetailSchema = artifactVersionSchema.extend({
  description: z.string().nullable(),
  metadata: wireRecordSchema,
  tags: z.array(z.string()),
  usedBy: z.array(runReferenceSchema),
  usedByCount: z.number().int().nonnegative(),
})
export type ArtifactDetail = z.infer<typeof artifactDetailSchema>

/** A file of a version; `ref` is the address of one that is kept elsewhere, whose `sha256` is null. `size` in bytes. */
export const artifactFileSchema = z.object({
  path: artifactPathSchema,
  digest: z.string(),
  size: z.number().int().nonnegative(),
  sha256: sha256Schema.nullable(),
  ref: z.string().nullable(),
})
export type ArtifactFile = z.infer<typeof artifactFileSchema>

/** `artifacts.files`: by path. */
export const artifactFilesInputSchema = versionAddressSchema.extend(pageShape)
export const artifactFilesSchema = z.object({ files: z.array(artifactFileSchema), nextCursor: z.string().nullable() })

/** GET `routes.artifactFiles`: the bytes of one file of a version; without `path` the list of its files as the client wrote it. */
export const artifactFileRequestSchema = versionAddressSchema.extend({ path: artifactPathSchema.optional() })
