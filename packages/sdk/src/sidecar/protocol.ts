import { errorCodeSchema } from '@kiroku/core/errors'
import { createRunResultSchema } from '@kiroku/core/runs'
import * as z from 'zod'

/** What the writer thread tells its sidecar, a line of JSON each. */
export const orderSchema = z.object({
  id: z.number().int(),
  directory: z.string(),
  url: z.string(),
  apiKey: z.string(),
})
export type Order = z.infer<typeof orderSchema>

/**
 * What a sidecar reports about a run, a line of JSON each. `bytes` of `total` bytes of its log are acknowledged.
 * `refused`: the server does not take the run; unless that `isFinal` the sidecar asks again ever less often while the
 * script lives, and `connected` tells that it takes it after all. `code` is the server's, where it named one.
 */
export const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('created'), id: z.number(), url: z.string(), result: createRunResultSchema }),
  z.object({ type: z.literal('waiting'), id: z.number(), why: z.string() }),
  z.object({ type: z.literal('connected'), id: z.number() }),
  z.object({
    type: z.literal('acknowledged'),
    id: z.number(),
    bytes: z.number(),
    total: z.number(),
    otherWriters: z.number().default(0),
  }),
  z.object({ type: z.literal('stopAsked'), id: z.number() }),
  z.object({ type: z.literal('rejected'), id: z.number(), metric: z.string(), reason: z.string() }),
  z.object({ type: z.literal('noted'), id: z.number(), text: z.string() }),
  z.object({
    type: z.literal('refused'),
    id: z.number(),
    why: z.string(),
    code: errorCodeSchema.nullable(),
    isFinal: z.boolean(),
  }),
  z.object({ type: z.literal('done'), id: z.number() }),
])
export type Report = z.infer<typeof reportSchema>

/** Splits a stream of text into lines; what follows the last line end waits for the next piece. Each piece is looked through once. */
export class LineSplitter {
  #rest: string[] = []

  /** Adds a piece; answers the lines that are whole now. */
  add(piece: string): string[] {
    const [first = '', ...others] = piece.split('\n')
    this.#rest.push(first)
    const last = others.pop()
    if (last === undefined) return []
    const lines = [this.#rest.join(''), ...others].filter((line) => line !== '')
    this.#rest = [last]
    return lines
  }
}

/** Parses one line of JSON by a schema; undefined when it is none. */
export function parseLine<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
