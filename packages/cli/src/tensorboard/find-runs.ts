import { readdir, stat } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'

/** A directory with event files, which is one run: its files in the order in which they are read. */
export type EventDirectory = { name: string; files: string[] }

const isEventFile = (name: string): boolean => name.includes('tfevents') && !name.endsWith('.profile-empty')

/**
 * Every directory at or below `path` that has event files, by name; an event file itself is a run of its own. The run of
 * `path` has the name of the directory, each other one its path below it. Throws NOT_FOUND when there is none.
 */
export async function findEventDirectories(path: string): Promise<EventDirectory[]> {
  const root = resolve(path)
  const found = await stat(root).catch(() => undefined)
  if (found?.isFile()) return [{ name: basename(root), files: [root] }]
  const directories = new Map<string, string[]>()
  for (const entry of found ? await readdir(root, { recursive: true, withFileTypes: true }) : []) {
    if (!entry.isFile() || !isEventFile(entry.name)) continue
    const files = directories.get(entry.parentPath) ?? []
    files.push(join(entry.parentPath, entry.name))
    directories.set(entry.parentPath, files)
  }
  if (directories.size === 0) {
    const why = found ? 'has no event files (*tfevents*), nor has a directory below it' : 'is not there'
    throw new KirokuError({ code: 'NOT_FOUND', message: `${path} ${why}; name a log directory of TensorBoard` })
  }
  return [...directories]
    .map(([directory, files]) => ({ name: relative(root, directory) || basename(root), files: files.sort() }))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}
