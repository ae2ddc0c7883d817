import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openDataDirectory } from './data-directory.ts'
import { lockDirectory } from './directory-lock.ts'
import { openEngines } from './index.ts'
import { processSpace, processStart } from './processes.ts'

let base: string
beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'kiroku-data-')))
})
const mounts: string[] = []
afterEach(async () => {
  for (const mount of mounts.splice(0)) execFileSync('umount', [mount])
  await rm(base, { recursive: true, force: true })
})

const oneLine = (part: string): unknown => expect.stringMatching(new RegExp(`^[^\\n]*${part}[^\\n]*$`))

describe('openDataDirectory', () => {
  it('makes missing parents, and takes an empty directory as it is', async () => {
    const deep = await openDataDirectory(join(base, 'a', 'b', 'c'))
    expect(deep.path).toBe(join(base, 'a', 'b', 'c'))
    await deep.release()
    await mkdir(join(base, 'empty', 'lost+found'), { recursive: true })
    const empty = await openDataDirectory(join(base, 'empty'))
    await empty.release()
  })

  it('empties tmp/ and keeps files/', async () => {
    await (await openDataDirectory(base)).release()
    await writeFile(join(base, 'tmp', 'left'), '')
    await writeFile(join(base, 'files', 'kept'), '')
    await (await openDataDirectory(base)).release()
    expect(await readdir(join(base, 'tmp'))).toEqual([])
    expect(await readdir(join(base, 'files'))).toEqual(['kept'])
  })

  it('follows a symbolic link to one lock', async () => {
    const real = join(base, 'real')
    await mkdir(real)
    await symlink(real, join(base, 'link'))
    const held = await openDataDirectory(join(base, 'link'))
    expect(held.path).toBe(real)
    await expect(openDataDirectory(real)).rejects.toMatchObject({ code: 'CONFLICT' })
    await held.release()
  })

  it('refuses a directory of something else and changes nothing in it', async () => {
    await writeFile(join(base, 'thesis.tex'), 'mine')
    await expect(openDataDirectory(base)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: oneLine(
        'is not a Kiroku data directory and is not empty \\(it holds thesis.tex\\); choose another with --data',
      ),
    })
    expect(await readdir(base)).toEqual(['thesis.tex'])
  })

  it('goes on after a start that was cut short before the marker was whole', async () => {
    await mkdir(join(base, 'lock'))
    await writeFile(join(base, 'kiroku.json.new'), '{"ki')
    await (await openDataDirectory(base)).release()
    expect(JSON.parse(await readFile(join(base, 'kiroku.json'), 'utf8'))).toMatchObject({
      kind: 'kiroku-data',
      version: 1,
    })
  })

  it('refuses a newer version, and a marker that it did not write', async () => {
    await writeFile(join(base, 'kiroku.json'), '{"kind":"kiroku-data","version":2,"createdAt":""}')
    await expect(openDataDirectory(base)).rejects.toMatchObject({
      message: oneLine('written by a newer Kiroku .*; upgrade'),
    })
    await writeFile(join(base, 'kiroku.json'), '{"kind":')
    await expect(openDataDirectory(base)).rejects.toMatchObject({ message: oneLine('is not what Kiroku wrote') })
  })

  it('refuses a file, and a path below a file', async () => {
    const file = join(base, 'file')
    await writeFile(file, '')
    for (const path of [file, join(file, 'data'), join(file, 'data', 'deeper')]) {
      await expect(openDataDirectory(path)).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        message: oneLine('a file stands in its path'),
      })
    }
  })

  it('refuses what this user may not write', async () => {
    await chmod(base, 0o555)
    // Root may write everywhere: the file system checks the effective user, so be an ordinary one for a moment.
    const isRoot = process.getuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      await expect(openDataDirectory(join(base, 'data'))).rejects.toMatchObject({
        code: 'FORBIDDEN',
        message: oneLine('this user may not write it; change its owner, or choose another with --data'),
      })
      await expect(openDataDirectory(base)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    } finally {
      if (isRoot) process.seteuid?.(0)
      await chmod(base, 0o755)
    }
  })
})

describe('lockDirectory', () => {
  const claim = (pid: number, start: string, space: string): string => join(base, 'lock', `${pid}-${start}-${space}-x`)

  it('passes over claims of dead processes and of process ids that were given away', async () => {
    await mkdir(join(base, 'lock'))
    await writeFile(claim(4_194_305, '1', processSpace()), '')
    await writeFile(claim(process.pid, '1', processSpace()), '')
    const lock = await lockDirectory(base)
    expect(await readdir(join(base, 'lock'))).toHaveLength(1)
    await lock.release()
  })

  it('is held by a live process', async () => {
    await mkdir(join(base, 'lock'))
    await writeFile(claim(process.pid, processStart(process.pid) ?? '', processSpace()), '')
    await expect(lockDirectory(base)).rejects.toMatchObject({ code: 'CONFLICT', details: { pid: process.pid } })
  })

  it('of another container is held while it is touched, and free when it no longer is', async () => {
    await mkdir(join(base, 'lock'))
    const foreign = claim(1, '1', 'elsewhere')
    await writeFile(foreign, '')
    const touching = setInterval(() => void utimes(foreign, new Date(), new Date()).catch(() => {}), 20)
    onTestFinished(() => clearInterval(touching))
    await expect(lockDirectory(base, 100)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: oneLine('in use by a Kiroku server of another container or machine'),
    })
    clearInterval(touching)
    const lock = await lockDirectory(base, 100)
    expect(await readdir(join(base, 'lock'))).toHaveLength(1)
    await lock.release()
  })

  it('is given to one at most of many that ask at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(base)))
    expect(results.filter((result) => result.status === 'fulfilled').length).toBeLessThanOrEqual(1)
  })
})

/** A small file system of its own, which only root in a capable container may make. */
function mountTmpfs(directory: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'kiroku-test', directory], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function canMount(): boolean {
  const probe = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim()
  const can = mountTmpfs(probe, '1m')
  if (can) execFileSync('umount', [probe])
  execFileSync('rmdir', [probe])
  return can
}

describe.runIf(canMount())('a full disk (needs the right to mount)', () => {
  async function smallDisk(size: string): Promise<string> {
    const disk = join(base, 'disk')
    await mkdir(disk)
    expect(mountTmpfs(disk, size)).toBe(true)
    mounts.push(disk)
    return disk
  }

  /** Writes until nothing more goes in. */
  function fill(path: string): void {
    expect(() => execFileSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=4k'], { stdio: 'ignore' })).toThrow()
  }

  it('is told before a database is made on it', async () => {
    const disk = await smallDisk('1m')
    await expect(openEngines({ dataDir: join(disk, 'data') })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: oneLine('is full: a new database needs 128 MiB and 0 MiB are free; free some space'),
    })
  })

  it('with no byte left is told', async () => {
    const disk = await smallDisk('64k')
    fill(join(disk, 'filler'))
    await expect(openEngines({ dataDir: join(disk, 'data') })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: oneLine('full'),
    })
  })

  it('that filled up later is told, and a start works again once there is space', async () => {
    const dataDir = join(await smallDisk('150m'), 'data')
    const first = await openEngines({ dataDir })
    await first.close()
    const filler = join(dataDir, 'files', 'filler')
    fill(filler)
    await expect(openEngines({ dataDir })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: oneLine('disk is full; free some space'),
    })
    await rm(filler)
    const again = await openEngines({ dataDir })
    await again.close()
  })
})
