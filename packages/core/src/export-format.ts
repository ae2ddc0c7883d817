import * as z from 'zod'
import { filePathSchema, runFileSchema, sha256Schema } from './files.ts'
import { organizationSlugSchema, projectNameSchema, runSlugSchema } from './ids.ts'
import { runLineSchema, runTextSchema } from './queries.ts'
import { runRecordSchema } from './run-record.ts'
import { runMetricSchema } from './runs.ts'

/** The version of the layout that is written, and the only one that is read. */
export const exportVersion = 1

/** The names of what an export's directory holds. Each run has a folder of its own with all but the manifest. */
export const exportNames = {
  manifest: 'manifest.json',
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

/** What `manifest.json` holds. It is written anew, with `isComplete`, when all runs are there. */
export const exportManifestSchema = z.object({
  format: z.literal('kiroku-export', 'this is no export of Kiroku'),
  version: z.literal(exportVersion, `only version ${exportVersion} of the format can be read`),
  isComplete: z.boolean(),
  /** Unix milliseconds. */
  exportedAt: z.number(),
  organization: organizationSlugSchema,
  project: projectNameSchema,
  /** The SHA-256 is that of the run's `run.json`, which has those of everything else. */
  runs: z.array(z.object({ run: runSlugSchema, directory: filePathSchema, sha256: sha256Schema })),
})
export type ExportManifest = z.infer<typeof exportManifestSchema>

const partSchema = z.object({ count: countSchema, sha256: sha256Schema })

const placeSchema = z
  .string()
  .refine(
    (place) => /^(files|contents)\//.test(place) && filePathSchema.safeParse(place.replace(/^[^/]+\//, '')).success,
    'expected a path below files or contents',
  )

/** What a run's `run.json` holds. `parts` are the files beside it: how many points, texts or lines, and their SHA-256. */
export const exportedRunSchema = z.object({
  version: z.literal(exportVersion, `only version ${exportVersion} of the format can be read`),
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
