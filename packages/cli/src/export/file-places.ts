import { exportNames } from '@kiroku/core/export-format'
import type { RunFile } from '@kiroku/core/files'

/** File systems take at least so many bytes as one name; what is beside a name while it is written needs some of them. */
const longestName = 200

/**
 * Where the contents of a run's files lie in its folder, by their paths: under their own paths, but where a file system has no
 * such place under the SHA-256. That is so for names that are too long, for a file that another has as a folder, and for
 * paths that a file system which ignores case has once.
 */
export function placesOfFiles(files: readonly RunFile[]): Map<string, string> {
  const spellings = new Map<string, Set<string>>()
  const folders = new Set<string>()
  for (const { path } of files) {
    const names = path.split('/')
    for (let end = 1; end <= names.length; end++) {
      const part = names.slice(0, end).join('/')
      const folded = fold(part)
      spellings.set(folded, (spellings.get(folded) ?? new Set()).add(part))
      if (end < names.length) folders.add(folded)
    }
  }
  const hasPlace = (path: string): boolean =>
    !folders.has(fold(path)) &&
    path.split('/').every((name, index, names) => {
      const part = names.slice(0, index + 1).join('/')
      return new TextEncoder().encode(name).length <= longestName && spellings.get(fold(part))?.size === 1
    })
  return new Map(
    files.map(({ path, sha256 }) => [
      path,
      hasPlace(path) ? `${exportNames.files}/${path}` : `${exportNames.contents}/${sha256}`,
    ]),
  )
}

/** What some file systems make one of: they ignore case, or how a letter with an accent is written. */
const fold = (path: string): string => path.normalize('NFD').toLowerCase()
