import { execFileSync } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPostgresBinaries, readableCopy } from './postgres-binaries.ts'
import { findPostgresUser } from './postgres-user.ts'

let base: string
beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'kiroku-binaries-')))
  await chmod(base, 0o755)
})
afterEach(() => rm(base, { recursive: true, force: true }))

describe('findPostgresBinaries', () => {
  it('finds programs that run as the user that PostgreSQL runs as', async () => {
    const user = findPostgresUser()
    const { initdb, postgres, version } = await findPostgresBinaries(user)
    for (const program of [initdb, postgres]) {
      const said = execFileSync(program, ['--version'], { ...user, cwd: '/', env: {}, encoding: 'utf8' })
      expect(said).toContain(`(PostgreSQL) ${version.split('.').slice(0, 2).join('.')}`)
    }
  })
})

describe.runIf(process.getuid?.() === 0)('readableCopy, as root', () => {
  const user = findPostgresUser()

  /** The package as it lies in a home that nobody else may enter. */
  async function closedPackage(): Promise<{ native: string; version: string }> {
    const { postgres, version } = await findPostgresBinaries(user)
    const closed = join(base, 'closed')
    await mkdir(closed, { mode: 0o700 })
    await cp(dirname(dirname(postgres)), join(closed, 'native'), { recursive: true, verbatimSymlinks: true })
    return { native: join(closed, 'native'), version }
  }

  it('copies what the user may not reach once, for that user to run and root alone to change', async () => {
    const installed = { ...(await closedPackage()), user, cacheRoot: join(base, 'cache') }
    const copy = await readableCopy(installed)
    expect(dirname(copy)).toBe(installed.cacheRoot)
    const said = execFileSync(join(copy, 'bin', 'postgres'), ['--version'], {
      ...user,
      cwd: '/',
      env: {},
      encoding: 'utf8',
    })
    expect(said).toContain('PostgreSQL')
    const made = await stat(copy)
    expect([made.uid, made.mode & 0o022]).toEqual([0, 0])
    expect(await readableCopy(installed)).toBe(copy)
    expect((await stat(copy)).ino).toBe(made.ino)
  })

  it('does not run what somebody else has put in the place of the copy', async () => {
    const installed = { ...(await closedPackage()), user, cacheRoot: join(base, 'cache') }
    const squatted = join(installed.cacheRoot, `postgres-${installed.version}-${process.arch}`)
    await mkdir(squatted, { recursive: true })
    await writeFile(join(squatted, 'mine'), '')
    await chmod(squatted, 0o777)
    await expect(readableCopy(installed)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('install Kiroku outside a closed home'),
    })
  })
})
