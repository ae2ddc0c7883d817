import type { RunFile } from '@kiroku/core/files'
import { matchesLike } from './like.ts'

export type FileQuery = {
  /** These alone. */
  names?: readonly string[] | undefined
  /** Those whose whole path is like this, as SQL has it. */
  pattern?: string | null | undefined
  /** The path that the page before ended with. */
  after?: string | null | undefined
  first: number
}

/** A page of files by path, the names that no file has (on the last page), and where the next page goes on. */
export type FilePage = { files: RunFile[]; missing: string[]; endCursor: string | null; hasNextPage: boolean }

/** A page of a run's files. */
export function toFilePage(all: readonly RunFile[], { names = [], pattern, after, first }: FileQuery): FilePage {
  const wanted = new Set(names)
  const matching = all
    .filter(({ path }) => (wanted.size > 0 ? wanted.has(path) : !pattern || matchesLike(path, pattern)))
    .filter(({ path }) => !after || path > after)
    .sort((left, right) => (left.path < right.path ? -1 : 1))
  const files = matching.slice(0, first)
  const hasNextPage = matching.length > first
  const known = new Set(all.map(({ path }) => path))
  return {
    files,
    missing: hasNextPage || after ? [] : [...wanted].filter((name) => !known.has(name)),
    endCursor: files.at(-1)?.path ?? null,
    hasNextPage,
  }
}
