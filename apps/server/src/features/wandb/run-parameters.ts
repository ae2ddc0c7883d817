import { projectNameSchema, runSlugSchema } from '@kiroku/core/ids'
import * as z from 'zod'

/** A run in the address of a request. An entity is an organization. */
export const runParametersSchema = z.object({ entity: z.string(), project: projectNameSchema, run: runSlugSchema })
