import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withoutSecrets } from '@kiroku/core/runs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Repository } from '../../../test/repository.ts'
import { readGitFacts, readPatch, repositoryRoot, upstreamCommit } from './git.ts'

const maxBytes = 1024 * 1024

/** What a working tree is made of by a patch, beginning at what `origin` has committed. */
function applied(origin: Repository, patch: Uint8Array, path: string): Buffer {
  using clone = new Repository(origin)
  const file = join(clone.root, '.git', 'tried.patch')
  writeFileSync(file, patch)
  clone.git('apply', file)
  return readFileSync(join(clone.root, path))
}

async function patchOf({ root }: Repository, commit = 'HEAD'): Promise<Buffer> {
  const patch = await readPatch(root, commit, maxBytes)
  if (patch === undefined || patch === 'tooLong') throw new Error(`no patch: ${patch}`)
  return patch
}

describe('6.1 facts of git', () => {
  it.each([
    ['https://user:secret@github.com/a/b.git', 'https://github.com/a/b.git'],
    ['https://ghp_token@github.com/a/b.git', 'https://github.com/a/b.git'],
    ['ssh://git:secret@host/a', 'ssh://git@host/a'],
    ['git@github.com:a/b.git', 'git@github.com:a/b.git'],
    ['/srv/git/a@b.git', '/srv/git/a@b.git'],
  ])('leave secrets out of %s', (remote, clean) => {
    expect(withoutSecrets(remote)).toBe(clean)
  })

  it('are commit, branch, remote and whether there are changes', async () => {
    using repository = new Repository()
    expect(await readGitFacts(repository.root)).toEqual({})
    const commit = repository.commit({ file: 'one' })
    repository.git('remote', 'add', 'origin', 'https://u:p@example.com/a.git')
    const facts = { commit, branch: 'trunk', remote: 'https://example.com/a.git' }
    expect(await readGitFacts(repository.root)).toEqual({ ...facts, isDirty: false })
    repository.write({ file: 'two' })
    expect(await readGitFacts(repository.root)).toEqual({ ...facts, isDirty: true })
    repository.git('checkout', '-q', '--detach')
    expect(await readGitFacts(repository.root)).toEqual({ ...facts, branch: null, isDirty: true })
  })

  it('are none outside of a repository and where no process can be started', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kiroku-none-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    expect([await readGitFacts(directory), await repositoryRoot(directory)]).toEqual([{}, undefined])
    vi.stubEnv('TOO_LONG', 'x'.repeat(4 * 1024 * 1024))
    try {
      expect([await readGitFacts(directory), await repositoryRoot(directory)]).toEqual([{}, undefined])
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('are of the directory, whatever repository the environment points at', async () => {
    using repository = new Repository()
    using other = new Repository()
    repository.commit({ file: 'one' })
    const commit = other.commit({ file: 'two' })
    vi.stubEnv('GIT_DIR', join(repository.root, '.git'))
    vi.stubEnv('GIT_WORK_TREE', repository.root)
    try {
      expect((await readGitFacts(other.root)).commit).toBe(commit)
      expect(await repositoryRoot(other.root)).toBe(other.root)
    } finally {
      vi.unstubAllEnvs()
    }
  })
})

describe('6.2 a patch', () => {
  it('has what is staged and what is not, from the root, and nothing that git does not track', async () => {
    using repository = new Repository()
    repository.commit({ 'a.txt': 'a\n', 'deep/b.txt': 'b\n' })
    expect((await patchOf(repository)).length).toBe(0)
    repository.write({ 'a.txt': 'staged\n', 'new.txt': 'new\n' })
    repository.git('add', 'a.txt', 'new.txt')
    repository.write({ 'deep/b.txt': 'unstaged\n', 'untracked.txt': 'secret\n' })
    expect(await repositoryRoot(join(repository.root, 'deep'))).toBe(repository.root)
    const patch = await patchOf(repository)
    for (const part of ['a/a.txt', '+staged', 'a/deep/b.txt', '+unstaged', '+new'])
      expect(patch.toString()).toContain(part)
    expect(patch.toString()).not.toMatch(/untracked|secret/)
    expect(applied(repository, patch, 'deep/b.txt').toString()).toBe('unstaged\n')
  })

  it('can be applied where pictures changed, and whatever the user has set for diffs', async () => {
    using repository = new Repository()
    const picture = Uint8Array.from({ length: 256 }, (_, index) => index)
    repository.commit({ 'picture.png': picture, 'ä text': 'a\r\n' })
    for (const [name, value] of [
      ['color.ui', 'always'],
      ['diff.noprefix', 'true'],
      ['diff.mnemonicPrefix', 'true'],
      ['diff.external', '/bin/false'],
      ['diff.relative', 'true'],
      ['core.fsmonitor', '/bin/false'],
    ]) {
      repository.git('config', name ?? '', value ?? '')
    }
    const changed = picture.toReversed()
    repository.write({ 'picture.png': changed, 'ä text': 'b\r\n' })
    const patch = await patchOf(repository)
    expect(new Uint8Array(applied(repository, patch, 'picture.png'))).toEqual(changed)
    expect(applied(repository, patch, 'ä text').toString()).toBe('b\r\n')
  })

  it('has what differs within submodules', async () => {
    using library = new Repository()
    using repository = new Repository()
    library.commit({ 'lib.txt': 'one\n' })
    repository.git('submodule', '--quiet', 'add', library.root, 'lib')
    repository.commit({ 'a.txt': 'a\n' })
    repository.write({ 'lib/lib.txt': 'two\n' })
    const patch = (await patchOf(repository)).toString()
    expect(patch).toContain('lib/lib.txt')
    expect(patch).toContain('+two')
  })

  it('is told to be too long, not cut', async () => {
    using repository = new Repository()
    repository.commit({ 'a.txt': 'a\n' })
    repository.write({ 'a.txt': `${'line of text\n'.repeat(1000)}` })
    expect(await readPatch(repository.root, 'HEAD', 5000)).toBe('tooLong')
  })

  it('against the upstream branch has commits that were not pushed; there is none without one', async () => {
    using origin = new Repository()
    const base = origin.commit({ 'a.txt': 'a\n' })
    expect(await upstreamCommit(origin.root)).toBeUndefined()
    using clone = new Repository(origin)
    expect(await upstreamCommit(clone.root)).toBe(base)
    clone.commit({ 'committed.txt': 'committed\n' })
    clone.write({ 'a.txt': 'changed\n' })
    expect(await upstreamCommit(clone.root)).toBe(base)
    const patch = await patchOf(clone, base)
    expect(applied(origin, patch, 'committed.txt').toString()).toBe('committed\n')
    expect(applied(origin, patch, 'a.txt').toString()).toBe('changed\n')
    clone.git('checkout', '-q', '--detach')
    expect(await upstreamCommit(clone.root)).toBeUndefined()
  })
})
