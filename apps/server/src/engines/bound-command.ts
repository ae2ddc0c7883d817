import { execFileSync } from 'node:child_process'
import type { PostgresUser } from './postgres-user.ts'

/** What to spawn: a program, the arguments that come before its own, and the user to spawn it as. */
export type Command = { file: string; args: string[]; user: PostgresUser }

/**
 * The command that runs a program as `user` and has the kernel send it SIGINT, which for PostgreSQL is a clean shutdown,
 * when this process dies, even by `kill -9`. Where `setpriv` cannot do that the program outlives us, and the next start
 * stops it.
 */
export function boundCommand(program: string, user: PostgresUser): Command {
  const setpriv = findSetpriv()
  if (setpriv === undefined) return { file: program, args: [], user }
  const { uid, gid } = user
  const identity = uid === undefined || gid === undefined ? [] : [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
  return { file: setpriv, args: ['--pdeathsig', 'INT', ...identity, '--', program], user: {} }
}

/** The path of a `setpriv` that can do it: a smaller one (BusyBox) cannot. */
function findSetpriv(): string | undefined {
  const script = 'command -v setpriv && setpriv --pdeathsig INT -- true'
  try {
    return execFileSync('sh', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}
