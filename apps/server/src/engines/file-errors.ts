import { type ErrorCode, KirokuError } from '@kiroku/core/errors'

type Explanation = { code: ErrorCode; why: string }

const explanations = new Map<string, Explanation>([
  ['EACCES', { code: 'FORBIDDEN', why: 'this user may not write it; change its owner, or choose another with --data' }],
  ['EPERM', { code: 'FORBIDDEN', why: 'this user may not change it; change its owner, or choose another with --data' }],
  ['EROFS', { code: 'FORBIDDEN', why: 'its file system is read-only; choose another with --data' }],
  ['ENOTDIR', { code: 'BAD_REQUEST', why: 'a file stands in its path; choose another with --data' }],
  ['EEXIST', { code: 'BAD_REQUEST', why: 'a file stands in its path; choose another with --data' }],
  ['ELOOP', { code: 'BAD_REQUEST', why: 'its path is a loop of symbolic links; choose another with --data' }],
  ['ENAMETOOLONG', { code: 'BAD_REQUEST', why: 'its path is too long; choose another with --data' }],
  ['ENOSPC', { code: 'UNAVAILABLE', why: 'its disk is full; free some space, or choose another with --data' }],
  ['EDQUOT', { code: 'UNAVAILABLE', why: 'its disk quota is used up; free some space, or choose another with --data' }],
  ['EMFILE', { code: 'UNAVAILABLE', why: 'too many files are open; raise the limit (ulimit -n)' }],
  ['EIO', { code: 'UNAVAILABLE', why: 'its disk reports an input/output error; check the disk' }],
])

/** The operating system's code of an error (`ENOENT`, ...), or undefined when it has none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** A file system's refusal as one line that names the data directory and says what to do. `KirokuError`s pass as they are. */
export function explainFileError(error: unknown, dataDir: string): KirokuError {
  if (error instanceof KirokuError) return error
  const known = explanations.get(systemCode(error) ?? '')
  const why = known?.why ?? (error instanceof Error ? error.message : String(error))
  return new KirokuError({
    code: known?.code ?? 'INTERNAL',
    message: `Cannot use the data directory ${dataDir}: ${why}`,
    cause: error,
  })
}
