import * as z from 'zod'
import { organizationSlugSchema, projectNameSchema } from './ids.ts'

/** A project's address: every read and write of what is in it names both. */
export const projectPathSchema = z.object({ organization: organizationSlugSchema, project: projectNameSchema })
export type ProjectPath = z.infer<typeof projectPathSchema>

/** A project in the list of projects. Times are unix milliseconds. */
export const projectSchema = z.object({
  organization: organizationSlugSchema,
  name: projectNameSchema,
  createdAt: z.number(),
  lastActivityAt: z.number(),
  runCount: z.number().int().nonnegative(),
  runningCount: z.number().int().nonnegative(),
})
export type Project = z.infer<typeof projectSchema>
