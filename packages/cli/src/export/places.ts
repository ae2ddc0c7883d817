import { createHash } from 'node:crypto'

/** File systems take at least so many bytes as one name; what is beside a name while it is written needs some of them. */
const longestName = 200

/**
 * A folder's name for each of some names: the name itself, its hash where a file system takes no name so long, and where one that
 * ignores case, or how an accent is written, would make one folder of two, with a number behind it.
 */
export function foldersOf(names: readonly string[]): Map<string, string> {
  const taken = new Set<string>()
  return new Map(
    names.map((name) => {
      const isShort = Buffer.byteLength(name) <= longestName
      const base = isShort ? name : createHash('sha256').update(name).digest('hex')
      let folder = base
      for (let number = 2; taken.has(fold(folder)); number++) folder = `${base}~${number}`
      taken.add(fold(folder))
      return [name, folder]
    }),
  )
}

const fold = (name: string): string => name.normalize('NFD').toLowerCase()
