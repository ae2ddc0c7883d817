import { execFileSync } from 'node:child_process'
import { KirokuError } from '@kiroku/core/errors'

/** Whom PostgreSQL's processes run as; no ids where it is whoever runs the server. */
export type PostgresUser = { uid?: number; gid?: number }

const userName = 'postgres'

/**
 * PostgreSQL refuses to run as root: there it runs as the system user `postgres`, which is made when it is missing.
 * Throws `KirokuError` UNAVAILABLE when that cannot be done.
 */
export function findPostgresUser(): PostgresUser {
  if (process.getuid?.() !== 0) return {}
  const known = lookUp()
  if (known !== undefined) return known
  try {
    execFileSync(
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', userName],
      {
        stdio: 'ignore',
      },
    )
  } catch (cause) {
    throw noUser(cause)
  }
  const made = lookUp()
  if (made === undefined) throw noUser(undefined)
  return made
}

function noUser(cause: unknown): KirokuError {
  return new KirokuError({
    code: 'UNAVAILABLE',
    message: `PostgreSQL does not run as root, and there is no user \`${userName}\` to run it as: add one, or start Kiroku as an ordinary user`,
    cause,
  })
}

function lookUp(): PostgresUser | undefined {
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, userName], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}
