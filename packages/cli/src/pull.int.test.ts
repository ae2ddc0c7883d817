import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Bench, type Served } from '../test/harness.ts'
import { makeRun } from '../test/made-run.ts'

const bench = new Bench()
const { base } = bench
let server: Served
beforeAll(async () => {
  server = await bench.serve(join(base, 'data'))
})

describe('9 pull', () => {
  const noise = Uint8Array.from(randomBytes(3 * 1024 * 1024))
  const files = { 'a.txt': 'one', 'deep/er/noise.bin': noise, empty: '' }

  it('downloads every file as it is, and none a second time', async () => {
    const run = await makeRun(server, { files })
    const first = await bench.kiroku(['pull', `demo:${run}`])
    expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/^3 files of \S+ in ~?\S*\n$/) })
    const directory = join(base, run)
    expect((await readFile(join(directory, 'deep', 'er', 'noise.bin'))).equals(noise)).toBe(true)
    expect(await readFile(join(directory, 'a.txt'), 'utf8')).toBe('one')
    expect(await readFile(join(directory, 'empty'), 'utf8')).toBe('')
    await writeFile(join(directory, 'a.txt'), 'changed here')
    const before = await stat(join(directory, 'deep', 'er', 'noise.bin'))
    const second = await bench.kiroku(['pull', `local/demo/${run}`])
    expect(second).toMatchObject({ code: 0, stderr: expect.stringMatching(/^1 file of .*; 2 were there already\n$/) })
    expect(await readFile(join(directory, 'a.txt'), 'utf8')).toBe('one')
    expect((await stat(join(directory, 'deep', 'er', 'noise.bin'))).ino).toBe(before.ino)
    expect(await readdir(directory)).toEqual(['a.txt', 'deep', 'empty'])
  })

  it('takes a run by every name, into any directory', async () => {
    const run = await makeRun(server, { project: 'named', files: { 'a.txt': 'x' } })
    const names = [`named:${run}`, `named/${run}`, `local/named:${run}`, `${server.url}/local/named/runs/${run}`]
    for (const [index, name] of names.entries()) {
      const { code } = await bench.kiroku(['pull', name, '--dir', `by-${index}`])
      expect({ name, code }).toEqual({ name, code: 0 })
      expect(existsSync(join(base, `by-${index}`, 'a.txt'))).toBe(true)
    }
    const { code } = await bench.kiroku(['pull', run, '--dir', 'by-id'], { env: { KIROKU_PROJECT: 'named' } })
    expect({ code, isThere: existsSync(join(base, 'by-id', 'a.txt')) }).toEqual({ code: 0, isThere: true })
  })

  it('writes through no link that leads out of the directory', async () => {
    const run = await makeRun(server, { files: { 'out/a.txt': 'x' } })
    await mkdir(join(base, 'linked'))
    await mkdir(join(base, 'elsewhere'))
    await symlink(join(base, 'elsewhere'), join(base, 'linked', 'out'))
    const refused = await bench.kiroku(['pull', `demo:${run}`, '--dir', 'linked'])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: .* is a link[^\n]*\n$/) })
    expect(await readdir(join(base, 'elsewhere'))).toEqual([])
  })

  it('says which run there is none of, and what names one', async () => {
    const unknown = await bench.kiroku(['pull', 'demo:nothing'])
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: [^\n]*nothing[^\n]*\n$/) })
    const wrong = await bench.kiroku(['pull', 'a/b/c/d'])
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^kiroku: `a\/b\/c\/d` names no run; [^\n]*\n$/),
    })
    expect(existsSync(join(base, 'nothing'))).toBe(false)
  })
})
