import * as z from 'zod'
import { projectNameSchema, runSlugSchema } from './ids.ts'
import { runStateSchema } from './runs.ts'

/**
 * One event of a project's live stream (server-sent, `event: moved`): these runs have something new. `points` tells
 * whether their series do, or only their facts; `created` whether a run is new to the project or back in it, `deleted`
 * whether it is there no more.
 */
export const liveNoticeSchema = z.object({
  /** The project that they are in, on a stream of all projects. */
  project: projectNameSchema.optional(),
  runs: z.array(
    z.object({
      run: runSlugSchema,
      state: runStateSchema,
      points: z.boolean(),
      created: z.boolean(),
      deleted: z.boolean().optional(),
    }),
  ),
})
export type LiveNotice = z.infer<typeof liveNoticeSchema>
