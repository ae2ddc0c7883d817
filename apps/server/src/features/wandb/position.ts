import { createHash } from 'node:crypto'
import { wireRecordSchema } from '@kiroku/core/values'
import * as z from 'zod'

const countSchema = z.number().int().nonnegative()

/** The chunk of lines that came last: the same again is a repetition. */
const chunkSchema = z.object({ offset: countSchema, hash: z.string() })

/** How far one of the files that only grow is stored: lines below `lines` are. */
const filePositionSchema = z.object({ lines: countSchema, last: chunkSchema.nullable() })
export type FilePosition = z.infer<typeof filePositionSchema>

/**
 * What of a process' `file_stream` is stored: it is the writer's `position`, which moves with its `ackSeq`. `media` are logged
 * values whose files had not come yet, in wire form; `byHand` are the keys of the summary that its script set itself.
 */
export const positionSchema = z.object({
  history: filePositionSchema,
  events: filePositionSchema,
  console: z.object({ lines: countSchema }),
  media: z.array(z.object({ metric: z.string(), step: z.number(), time: z.number(), value: wireRecordSchema })),
  byHand: z.array(z.string()),
})
export type Position = z.infer<typeof positionSchema>

/**
 * A process that has sent nothing. It goes on after so many lines of those before it, and waits for the media whose files one that
 * was killed may have sent without a word after them.
 */
export function startingPosition(
  lines: { history?: number; events?: number; console?: number } = {},
  media: Position['media'] = [],
): Position {
  return {
    history: { lines: lines.history ?? 0, last: null },
    events: { lines: lines.events ?? 0, last: null },
    console: { lines: lines.console ?? 0 },
    media,
    byHand: [],
  }
}

/** Lines of a file from the line `offset` on. */
export type Chunk = { offset: number; content: readonly string[] }

/**
 * What of a chunk is new, and the position after it. The chunk that came last is a repetition, as after an answer that was
 * lost; any other one that begins at a line which is stored already replaces lines, as of a process that began anew.
 */
export function advance(position: FilePosition, chunk: Chunk): { lines: readonly string[]; position: FilePosition } {
  const { offset, content } = chunk
  if (content.length === 0) return { lines: [], position }
  const hash = hashOf(content)
  const isRepeated = position.last?.offset === offset && position.last.hash === hash
  return { lines: isRepeated ? [] : content, position: { lines: offset + content.length, last: { offset, hash } } }
}

function hashOf(content: readonly string[]): string {
  const hash = createHash('sha256')
  for (const line of content) hash.update(line).update('\n')
  return hash.digest('base64url')
}
