import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Bench, type Outcome, type Served } from '../test/harness.ts'
import { makeRun } from '../test/made-run.ts'
import { WorkingCopy } from '../test/repository.ts'

const bench = new Bench()
const { base } = bench
let server: Served
beforeAll(async () => {
  server = await bench.serve(join(base, 'data'))
})

let names = 0
const repository = () => WorkingCopy.create(join(base, `repository-${names++}`))

const restore = (directory: string, ...args: string[]): Promise<Outcome> =>
  bench.kiroku(['restore', ...args], { cwd: directory })

const patchOf = (path: string, before: string, after: string): string =>
  `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-${before}\n+${after}\n`

const newFile = (path: string, content: string, mode = '100644'): string =>
  `diff --git a/${path} b/${path}\nnew file mode ${mode}\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+${content}\n`

describe('6.3 restore, when it cannot', () => {
  it('tells an unknown run, and what names one', async () => {
    const { copy } = repository()
    for (const [name, message] of [
      ['demo:nobody', /^kiroku: [^\n]*has no run local\/demo\/nobody; name it as project:id[^\n]*\n$/],
      ['a/b/c/d', /^kiroku: `a\/b\/c\/d` names no run; [^\n]*\n$/],
    ] as const)
      expect(await restore(copy.directory, name)).toMatchObject({ code: 1, stderr: expect.stringMatching(message) })
    expect(existsSync(join(copy.directory, '.kiroku', 'config.json'))).toBe(false)
  })

  it('tells where to clone from outside of a repository, and in another one', async () => {
    const { commit } = repository()
    const remote = 'https://git.example/team/model.git'
    const run = await makeRun(server, { git: { commit, remote }, config: { lr: 1 } })
    const hint =
      'kiroku: `kiroku restore` needs to be run from the same git repository as the original run. ' +
      `Run \`git clone ${remote}\` and restore from there or pass the --no-git flag.\n`
    const outside = join(base, 'outside')
    await mkdir(outside)
    expect(await restore(outside, `demo:${run}`)).toMatchObject({ code: 1, stderr: hint })
    expect(await restore(outside, `demo:${run}`, '--no-git')).toMatchObject({ code: 0 })
    const other = WorkingCopy.create(join(base, 'other')).copy
    other.write('other.txt', 'x')
    other.commit('another history')
    const unknown = 'a'.repeat(40)
    const lost = await makeRun(server, { git: { commit: unknown, remote } })
    expect(await restore(other.directory, `demo:${lost}`)).toMatchObject({
      code: 1,
      stderr: `Fetching origin and finding commit: ${unknown}\nCouldn't find original commit: ${unknown}\n${hint}`,
    })
    expect(other.branch()).toBe('main')
  })

  it('puts nothing into a command that came from the server and is no SHA or address', async () => {
    const { copy } = repository()
    const option = await makeRun(server, { git: { commit: '--output=stolen', remote: '--upload-pack=x' } })
    expect(await restore(copy.directory, `demo:${option}`)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^No commit is recorded with/),
    })
    const remote = await makeRun(server, { git: { commit: 'b'.repeat(40), remote: '--upload-pack=x; rm -rf ~' } })
    const { stderr } = await restore(copy.directory, `demo:${remote}`)
    expect(stderr).toContain('Restore from a clone of that repository or pass the --no-git flag.')
    expect(stderr).not.toContain('rm -rf')
  })

  it('says that the patch does not fit, keeps it, and restores the config', async () => {
    const { copy, commit } = repository()
    const patch = patchOf('src/model.txt', 'quite another', 'large') + newFile('new.txt', 'new')
    const run = await makeRun(server, { git: { commit, isDirty: true }, files: { 'diff.patch': patch } })
    const { code, stderr } = await restore(copy.directory, `demo:${run}`)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^Failed to apply patch, try un-staging any un-committed changes \([^\n]+\); it is in \.kiroku\/diff\.patch$/m,
    )
    expect(stderr).toContain('(patch failed: src/model.txt:1')
    expect(stderr).toContain('Restored config variables to .kiroku/config.json\n')
    expect(await readFile(join(copy.directory, '.kiroku', 'diff.patch'), 'utf8')).toBe(patch)
    // What of it fits is there, and what does not lies beside its file.
    expect(await readFile(join(copy.directory, 'new.txt'), 'utf8')).toBe('new\n')
    expect(existsSync(join(copy.directory, 'src', 'model.txt.rej'))).toBe(true)
  })

  it('does not check out over changes that it would lose', async () => {
    const { copy, commit } = repository()
    copy.write('train.txt', 'later\n')
    copy.commit('later')
    copy.write('train.txt', 'not committed\n')
    const run = await makeRun(server, { git: { commit } })
    const { code, stderr } = await restore(copy.directory, `demo:${run}`)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^kiroku: git could not check it out: Your local changes [^\n]*\n$/m)
    expect(readFileSync(join(copy.directory, 'train.txt'), 'utf8')).toBe('not committed\n')
  })

  it('keeps the bytes of a patch that is not UTF-8', async () => {
    const { copy, commit } = repository()
    const patch = Uint8Array.from(Buffer.from(newFile('latin.txt', 'caf\u00e9'), 'latin1'))
    const run = await makeRun(server, { git: { commit }, files: { 'diff.patch': patch } })
    expect(await restore(copy.directory, `demo:${run}`)).toMatchObject({ code: 0 })
    expect(await readFile(join(copy.directory, 'latin.txt'))).toEqual(Buffer.from('caf\u00e9\n', 'latin1'))
  })

  it.each([
    ['outside of the repository', newFile('../escaped.txt', 'x')],
    ['with an absolute path', newFile('/tmp/kiroku-escaped.txt', 'x')],
    ["among git's own files", newFile('.git/hooks/post-checkout', 'x', '100755')],
    [
      'through a link that it makes itself',
      `${newFile('link', '..', '120000').replace(/\n$/, '')}\n\\ No newline at end of file\n${newFile('link/escaped.txt', 'x')}`,
    ],
    [
      'through a link that takes what is rejected',
      `${newFile('train.txt.rej', '../escaped.txt', '120000')}\\ No newline at end of file\n${patchOf('train.txt', 'wrong', 'x')}`,
    ],
  ])('applies nothing %s', async (_, patch) => {
    const { copy, commit } = repository()
    const run = await makeRun(server, { git: { commit }, files: { 'diff.patch': patch } })
    const { code, stderr } = await restore(copy.directory, `demo:${run}`)
    expect(stderr).toContain('Failed to apply patch')
    expect(code).toBe(1)
    expect(existsSync(join(copy.directory, '..', 'escaped.txt'))).toBe(false)
    expect(existsSync('/tmp/kiroku-escaped.txt')).toBe(false)
    expect(existsSync(join(copy.directory, '.git', 'hooks', 'post-checkout'))).toBe(false)
  })

  it('replaces a link that a patch puts in the place of the config', async () => {
    const { copy, commit } = repository()
    const victim = join(copy.directory, '..', 'victim.txt')
    await writeFile(victim, 'untouched')
    const patch = `${newFile('.kiroku/config.json', '../../victim.txt', '120000')}\\ No newline at end of file\n`
    const run = await makeRun(server, { git: { commit }, config: { lr: 2 }, files: { 'diff.patch': patch } })
    await restore(copy.directory, `demo:${run}`)
    expect(await readFile(victim, 'utf8')).toBe('untouched')
    expect(JSON.parse(await readFile(join(copy.directory, '.kiroku', 'config.json'), 'utf8'))).toEqual({ lr: 2 })
  })
})
