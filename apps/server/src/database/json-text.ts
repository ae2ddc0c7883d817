/** What stands for a character that PostgreSQL does not store. */
const replacement = '\ufffd'

/**
 * JSON text that PostgreSQL takes as `jsonb`: NUL and halves of surrogate pairs, which it refuses, become U+FFFD.
 */
export function toJsonText(value: unknown): string {
  const text = JSON.stringify(value)
  return text.replaceAll(/\\(u0000|ud[89a-f][0-9a-f]{2}|.)/g, (sequence, after: string) =>
    after.length > 1 ? replacement : sequence,
  )
}
