import { projectNameSchema, runSlugSchema } from '@kiroku/core/ids'
import { runLabelsSchema } from '@kiroku/core/runs'
import * as z from 'zod'

const text = z.string().nullish()

/** `UpsertBucketInput`: what is null stays as it is. */
export const upsertInputSchema = z.object({
  id: text,
  name: runSlugSchema.nullish(),
  modelName: projectNameSchema.or(z.literal('')).nullish(),
  entityName: text,
  groupName: runLabelsSchema.shape.group.nullish(),
  displayName: runLabelsSchema.shape.displayName.or(z.literal('')).nullish(),
  notes: runLabelsSchema.shape.notes.nullish(),
  jobType: runLabelsSchema.shape.jobType.nullish(),
  tags: runLabelsSchema.shape.tags.nullish(),
  commit: z.string().max(64).nullish(),
  jobRepo: z.string().max(4096).nullish(),
  jobProgram: z.string().max(4096).nullish(),
  host: z.string().max(256).nullish(),
  config: text,
  summaryMetrics: text,
  sweep: z.string().max(128).nullish(),
  state: text,
})
export type UpsertInput = z.infer<typeof upsertInputSchema>
