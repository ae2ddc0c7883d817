import * as z from 'zod'
import { organizationSlugSchema, projectNameSchema } from './ids.ts'

/** A project's address: every read and write of what is in it names both. */
export const projectPathSchema = z.object({ organization: organizationSlugSchema, project: projectNameSchema })
export type ProjectPath = z.infer<typeof projectPathSchema>

/** A run with this tag is not deleted for its age. */
export const keepTag = 'keep'

/** After how many days a run that ended is deleted, at most 100 years; null: never. */
export const retentionDaysSchema = z
  .number()
  .int('expected whole days')
  .min(1, 'expected at least 1 day; null keeps runs for ever')
  .max(36_500, 'expected at most 36 500 days; null keeps runs for ever')
  .nullable()

/** A project in the list of projects. Times are unix milliseconds. */
export const projectSchema = z.object({
  organization: organizationSlugSchema,
  name: projectNameSchema,
  createdAt: z.number(),
  lastActivityAt: z.number(),
  runCount: z.number().int().nonnegative(),
  runningCount: z.number().int().nonnegative(),
  retentionDays: retentionDaysSchema.default(null),
})
export type Project = z.infer<typeof projectSchema>

/**
 * `projects.update`: another name, another retention; what is left out stays. A project whose runs are running keeps its
 * name, by which their scripts send. Answers the project under its new name.
 */
export const updateProjectInputSchema = projectPathSchema.extend({
  set: z.object({ name: projectNameSchema.optional(), retentionDays: retentionDaysSchema.optional() }),
})
export type UpdateProjectInput = z.input<typeof updateProjectInputSchema>

/**
 * `projects.expiring`: what a retention of so many days would delete. A run goes that many days after it ended, or after it
 * came to this server if that was later.
 */
export const expiringInputSchema = projectPathSchema.extend({ retentionDays: retentionDaysSchema.unwrap() })

/** How many runs would go at once, how many more within the next 7 days, and how many stay for their tag `keep`. */
export const expiringSchema = z.object({
  now: z.number().int().nonnegative(),
  soon: z.number().int().nonnegative(),
  kept: z.number().int().nonnegative(),
})
export type Expiring = z.infer<typeof expiringSchema>

/** `projects.restore`: a deleted project by the id that its deletion answered, as its name may be another project's by now. */
export const restoreProjectInputSchema = z.object({ organization: organizationSlugSchema, id: z.uuid() })

/** A deleted project, and until when it can be restored, in unix milliseconds. */
export const deletedProjectSchema = z.object({ id: z.uuid(), name: projectNameSchema, restorableUntil: z.number() })
export type DeletedProject = z.infer<typeof deletedProjectSchema>

/** `organizations.delete` and `organizations.restore`. */
export const organizationInputSchema = z.object({ organization: organizationSlugSchema })

/** A deleted organization, and until when it can be restored, in unix milliseconds. */
export const deletedOrganizationSchema = z.object({
  slug: organizationSlugSchema,
  name: z.string(),
  restorableUntil: z.number(),
})
export type DeletedOrganization = z.infer<typeof deletedOrganizationSchema>
