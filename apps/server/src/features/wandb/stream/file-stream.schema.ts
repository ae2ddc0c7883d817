import * as z from 'zod'

/** The largest post of lines, in bytes, as it comes and unpacked. A client sends 10 MiB of lines at once, or one longer line. */
export const maxPostBytes = 64 * 1024 * 1024

const chunkSchema = z.object({
  offset: z.number().int().nonnegative().default(0),
  content: z.array(z.string()).default([]),
})

/**
 * What a client posts to `file_stream`: lines of its files, from the line `offset` on, what it uploaded, and whether its process
 * ends. An empty one is a sign of life. Files of other names are passed over.
 */
export const fileStreamRequestSchema = z.object({
  files: z
    .object({
      'wandb-history.jsonl': chunkSchema,
      'wandb-events.jsonl': chunkSchema,
      'wandb-summary.json': chunkSchema,
      'output.log': chunkSchema,
    })
    .partial()
    .nullish(),
  complete: z.boolean().nullish(),
  exitcode: z.int32().nullish(),
  preempting: z.boolean().nullish(),
})
export type FileStreamRequest = z.infer<typeof fileStreamRequestSchema>
