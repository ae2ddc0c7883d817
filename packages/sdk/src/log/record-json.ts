import type * as z from 'zod'
import type { LogReader } from './log-reader.ts'

const text = new TextDecoder()

/** The JSON of the record that the reader stands at, by its schema; undefined when it is none, or none of that shape. */
export function readJsonRecord<T>(reader: LogReader, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text.decode(reader.bytes.subarray(reader.start + 8, reader.end)))).data
  } catch {
    // Not JSON, or nested deeper than can be looked at.
    return undefined
  }
}
