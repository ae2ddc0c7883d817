import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'

/** Parses an answer in the format `JSONEachRow`, each row by the schema. Throws `KirokuError` INTERNAL when one differs. */
export function parseJsonLines<Row>(row: z.ZodType<Row>, bytes: Uint8Array): Row[] {
  const lines = new TextDecoder().decode(bytes).split('\n')
  const rows = z.array(row).safeParse(lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line)])))
  if (rows.success) return rows.data
  throw new KirokuError({
    code: 'INTERNAL',
    message: 'the engine answered other rows than expected',
    cause: rows.error,
  })
}
