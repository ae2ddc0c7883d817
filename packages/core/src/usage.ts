import * as z from 'zod'
import { organizationSlugSchema, projectNameSchema, runSlugSchema } from './ids.ts'
import { projectPathSchema } from './projects.ts'
import { runStateSchema } from './runs.ts'

const countSchema = z.number().int().nonnegative()

/**
 * What something takes. Counts, and `fileBytes` (the sizes of files, each run's own), are exact. `pointBytes`, `textBytes` and
 * `lineBytes` are bytes on disk and estimates: ClickHouse keeps the rows of all runs together and knows their size in all.
 */
export const usageSchema = z.object({
  pointCount: countSchema,
  textCount: countSchema,
  lineCount: countSchema,
  fileCount: countSchema,
  pointBytes: z.number().nonnegative(),
  textBytes: z.number().nonnegative(),
  lineBytes: z.number().nonnegative(),
  fileBytes: z.number().nonnegative(),
})
export type Usage = z.infer<typeof usageSchema>

/** The bytes of all that something takes, in part an estimate. */
export function totalBytes({ pointBytes, textBytes, lineBytes, fileBytes }: Usage): number {
  return pointBytes + textBytes + lineBytes + fileBytes
}

/** What to sort by, the largest first. */
export const usageOrderSchema = z.enum(['bytes', 'points', 'texts', 'lines', 'files'])
export type UsageOrder = z.infer<typeof usageOrderSchema>

/** What `order` sorts by. Of points, texts and lines it is how many there are, of files their bytes. */
export function usageOf(usage: Usage, order: UsageOrder): number {
  const by = {
    bytes: totalBytes(usage),
    points: usage.pointCount,
    texts: usage.textCount,
    lines: usage.lineCount,
    files: usage.fileBytes,
  } as const
  return by[order]
}

/** When a figure was counted, in unix milliseconds: figures are kept for a minute, and longer while many ask. */
const countedAtSchema = z.number()

/** `usage.byOrganization` */
export const organizationUsageInputSchema = z.object({ organization: organizationSlugSchema })

/** One project's part. A deleted one takes its room until it is purged, and can be restored until then. */
export const projectUsageSchema = usageSchema.extend({
  id: z.uuid(),
  name: projectNameSchema,
  runCount: countSchema,
  /** Unix milliseconds until which a deleted project can be restored; null for one that is not deleted. */
  restorableUntil: z.number().nullable(),
})
export type ProjectUsage = z.infer<typeof projectUsageSchema>

/** All projects of an organization, the largest first. `storedFileBytes` is what its files take on disk, each content once. */
export const organizationUsageSchema = z.object({
  projects: z.array(projectUsageSchema),
  total: usageSchema,
  storedFileBytes: z.number().nonnegative(),
  countedAt: countedAtSchema,
})
export type OrganizationUsage = z.infer<typeof organizationUsageSchema>

/** `usage.byProject`: its runs, the largest first, from the `offset`th on. */
export const projectUsageInputSchema = projectPathSchema.extend({
  order: usageOrderSchema.default('bytes'),
  offset: z.number().int().nonnegative().default(0),
  limit: z.number().int().min(1).max(1000).default(100),
})
export type ProjectUsageInput = z.input<typeof projectUsageInputSchema>

/** One run's part. A deleted one takes its room until it is purged, and can be restored until then. */
export const runUsageSchema = usageSchema.extend({
  run: runSlugSchema,
  displayName: z.string(),
  state: runStateSchema,
  createdAt: z.number(),
  restorableUntil: z.number().nullable(),
})
export type RunUsage = z.infer<typeof runUsageSchema>

/** A part of a project's runs, and the sum over all `runCount` of them. */
export const runUsagePageSchema = z.object({
  runs: z.array(runUsageSchema),
  runCount: countSchema,
  total: usageSchema,
  countedAt: countedAtSchema,
})
export type RunUsagePage = z.infer<typeof runUsagePageSchema>
