import * as z from 'zod'
import { artifactCollectionRecordSchema, artifactVersionRecordSchema, lineageRecordSchema } from './artifact-records.ts'
import { artifactFileSchema, artifactNameSchema } from './artifacts.ts'
import { filePathSchema, runFileSchema, sha256Schema } from './files.ts'
import { organizationSlugSchema, projectNameSchema, runSlugSchema } from './ids.ts'
import { runLineSchema, runTextSchema } from './queries.ts'
import { runRecordSchema } from './run-record.ts'
import { runMetricSchema } from './runs.ts'

/** The version of the layout that is written. One of version 1, which had no artifacts, is read too. */
export const exportVersion = 2

/** The version of what a run's folder, or an artifact's, holds. */
export const recordVersion = 1

/** The names of what an export's directory holds. Each run and each artifact has a folder of its own. */
export const exportNames = {
  manifest: 'manifest.json',
  artifacts: 'artifacts',
  artifact: 'artifact.json',
  versions: 'versions.jsonl',
  lineage: 'lineage.jsonl',
  artifactContents: 'artifact-contents',
  runs: 'runs',
  run: 'run.json',
  points: 'points.parquet',
  texts: 'texts.jsonl',
  console: 'console.jsonl',
  files: 'files',
  contents: 'contents',
} as const

/** The columns of `points.parquet`, in their order; `time` is a timestamp in milliseconds. */
export const pointColumns = ['stream', 'metric', 'step', 'time', 'value'] as const

const countSchema = z.number().int().nonnegative()

const partSchema = z.object({ count: countSchema, sha256: sha256Schema })

/** What `manifest.json` holds. It is written anew, with `isComplete`, when all is there. */
export const exportManifestSchema = z.object({
  format: z.literal('kiroku-export', 'this is no export of Kiroku'),
  version: z.literal([1, exportVersion], `only versions 1 to ${exportVersion} of the format can be read`),
  isComplete: z.boolean(),
  /** Unix milliseconds. */
  exportedAt: z.number(),
  organization: organizationSlugSchema,
  project: projectNameSchema,
  /** The SHA-256 is that of the run's `run.json`, which has those of everything else. */
  runs: z.array(z.object({ run: runSlugSchema, directory: filePathSchema, sha256: sha256Schema })),
  /** The SHA-256 is that of the artifact's `artifact.json`, which has that of its versions. */
  artifacts: z
    .array(z.object({ name: artifactNameSchema, directory: filePathSchema, sha256: sha256Schema }))
    .default([]),
  /** What is in `lineage.jsonl`; null where no artifacts were exported. */
  lineage: partSchema.nullable().default(null),
})
export type ExportManifest = z.infer<typeof exportManifestSchema>

const placeSchema = z
  .string()
  .refine(
    (place) => /^(files|contents)\//.test(place) && filePathSchema.safeParse(place.replace(/^[^/]+\//, '')).success,
    'expected a path below files or contents',
  )

/** What a run's `run.json` holds. `parts` are the files beside it: how many points, texts or lines, and their SHA-256. */
export const exportedRunSchema = z.object({
  version: z.literal(recordVersion, `only version ${recordVersion} of the format can be read`),
  run: runRecordSchema,
  metrics: z.array(runMetricSchema),
  parts: z.object({
    points: partSchema,
    texts: partSchema,
    /** `writers` has how many of the lines are of each of the record's writers. */
    console: partSchema.extend({ writers: z.array(countSchema) }),
  }),
  /** `place` is where the content lies in the run's folder: below `files` at its own path, or below `contents` by its hash. */
  files: z.array(runFileSchema.extend({ place: placeSchema })),
})
export type ExportedRun = z.infer<typeof exportedRunSchema>

/** A row of `texts.jsonl`: a value that is not a number, in wire form. */
export const exportedTextSchema = runTextSchema
/** A row of `console.jsonl`. */
export const exportedLineSchema = runLineSchema

/** What an artifact's `artifact.json` holds. */
export const exportedArtifactSchema = z.object({
  version: z.literal(recordVersion, `only version ${recordVersion} of the format can be read`),
  artifact: artifactCollectionRecordSchema,
  /** The file beside it: how many versions, and its SHA-256. */
  versions: partSchema,
})
export type ExportedArtifact = z.infer<typeof exportedArtifactSchema>

/** A row of an artifact's `versions.jsonl`; `files` is its list of files, `files-v0.jsonl`, null for one that is linked. */
export const exportedVersionSchema = z.object({
  record: artifactVersionRecordSchema,
  files: partSchema.nullable(),
})
export type ExportedVersion = z.infer<typeof exportedVersionSchema>

/** A row of a version's list of files. */
export const exportedArtifactFileSchema = artifactFileSchema
/** A row of `lineage.jsonl`. */
export const exportedLineageSchema = lineageRecordSchema

/** The name of the list of a version's files, in its artifact's folder. */
export const versionFilesName = (version: number): string => `files-v${version}.jsonl`

/** Where a content of an artifact lies in an export. */
export const artifactContentPath = (sha256: string): string =>
  `${exportNames.artifactContents}/${sha256.slice(0, 2)}/${sha256}`
