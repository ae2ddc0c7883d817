import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Environment } from './env.ts'

/** Where data lies: as asked, else `KIROKU_DATA_DIR`, else `$XDG_DATA_HOME/kiroku`, else `~/.local/share/kiroku`. */
export function dataDirectory(asked: string | undefined, environment: Environment): string {
  if (asked !== undefined) return resolve(asked)
  if (environment.KIROKU_DATA_DIR !== undefined) return resolve(environment.KIROKU_DATA_DIR)
  return join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'kiroku')
}

/** A path as people write it: their home as `~`. */
export function shownPath(path: string): string {
  const home = homedir()
  return home !== '/' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
