import * as z from 'zod'

/**
 * A change of a run's points that was promised to a writer, which is not answered before it is done. `texts` are the
 * metrics that lose texts by a rewind, once they are known.
 */
export const pendingChangeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('rewind'),
    step: z.number(),
    writerId: z.string(),
    texts: z.array(z.string()).nullable(),
  }),
  z.object({ kind: z.literal('fork'), step: z.number(), writerId: z.string(), parentId: z.string() }),
])
export type PendingChange = z.infer<typeof pendingChangeSchema>
