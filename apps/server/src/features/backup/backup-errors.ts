import { KirokuError } from '@kiroku/core/errors'
import { systemCode } from '../../engines/index.ts'

const reasons = new Map([
  ['ENOSPC', 'its disk is full'],
  ['EDQUOT', 'its disk quota is used up'],
  ['EACCES', 'it may not be written there'],
  ['EPERM', 'it may not be written there'],
  ['EROFS', 'its file system is read-only'],
  ['EIO', 'the disk reports an input/output error'],
  ['EEXIST', 'a file stands in its path'],
  ['ENOTDIR', 'a file stands in its path'],
  ['ENAMETOOLONG', 'its path is too long'],
])

/** A file system's refusal as BAD_REQUEST that names the directory; any other error as it is. */
export function explainBackupError(error: unknown, directory: string): unknown {
  if (error instanceof KirokuError) return error
  const why = reasons.get(systemCode(error) ?? '')
  if (why === undefined) return error
  return new KirokuError({ code: 'BAD_REQUEST', message: `${directory}: ${why}; name another place`, cause: error })
}
