import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'

const codedSchema = z.object({ code: z.string() })
const codeOf = (error: unknown): string | undefined => codedSchema.safeParse(error).data?.code

const reasons = new Map([
  ['ENOSPC', 'the disk that keeps files is full'],
  ['EDQUOT', 'the disk quota for files is used up'],
  ['EFBIG', 'the file system that keeps files takes none of this size'],
  ['EROFS', 'the file system that keeps files is read-only'],
  ['EACCES', 'the directory that keeps files may not be used'],
  ['EPERM', 'the directory that keeps files may not be used'],
  ['EMFILE', 'too many files are open'],
  ['ENFILE', 'too many files are open'],
  ['EIO', 'the disk that keeps files reports an input/output error'],
])

/** How long to wait before trying again, where the caller can do nothing else. */
const retryAfterMs = 10_000

/** True for the error of a path at which there is nothing. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** A file system's refusal as UNAVAILABLE with the reason and `details.retryAfterMs`; any other error as it is. */
export function explainStorageError(error: unknown): unknown {
  if (error instanceof KirokuError) return error
  const why = reasons.get(codeOf(error) ?? '')
  if (why === undefined) return error
  return new KirokuError({ code: 'UNAVAILABLE', message: why, details: { retryAfterMs }, cause: error })
}
