import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { readGitFacts, readHostFacts, withoutSecrets } from './facts.ts'
import { SidecarLink } from './sidecar-link.ts'

describe('SidecarLink', () => {
  it('goes on and tries again where no process can be started', () => {
    vi.stubEnv('TOO_LONG', 'x'.repeat(4 * 1024 * 1024))
    vi.useFakeTimers()
    try {
      const link = new SidecarLink({ path: '/nowhere', logDirectory: '/nowhere', onReport: () => {} })
      expect(() => link.give({ id: 1, directory: '/nowhere', url: 'http://a', apiKey: 'k' })).not.toThrow()
      expect(vi.getTimerCount()).toBe(1)
    } finally {
      vi.useRealTimers()
      vi.unstubAllEnvs()
    }
  })
})

describe('facts', () => {
  it.each([
    ['https://user:secret@github.com/a/b.git', 'https://github.com/a/b.git'],
    ['https://ghp_token@github.com/a/b.git', 'https://github.com/a/b.git'],
    ['ssh://git:secret@host/a', 'ssh://git@host/a'],
    ['git@github.com:a/b.git', 'git@github.com:a/b.git'],
    ['/srv/git/a@b.git', '/srv/git/a@b.git'],
  ])('of git leave secrets out of %s', (remote, clean) => {
    expect(withoutSecrets(remote)).toBe(clean)
  })

  it('of git are commit, branch, remote and whether there are changes', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kiroku-git-'))
    const git = (...words: string[]): string => execFileSync('git', words, { cwd: directory, encoding: 'utf8' }).trim()
    try {
      expect(await readGitFacts(directory)).toEqual({})
      git('init', '-q', '-b', 'trunk')
      writeFileSync(join(directory, 'file'), 'one')
      git('add', '.')
      git('-c', 'user.name=n', '-c', 'user.email=e@e', 'commit', '-qm', 'first')
      git('remote', 'add', 'origin', 'https://u:p@example.com/a.git')
      const facts = { commit: git('rev-parse', 'HEAD'), branch: 'trunk', remote: 'https://example.com/a.git' }
      expect(await readGitFacts(directory)).toEqual({ ...facts, isDirty: false })
      writeFileSync(join(directory, 'file'), 'two')
      expect(await readGitFacts(directory)).toEqual({ ...facts, isDirty: true })
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('of git are none where no process can be started', async () => {
    vi.stubEnv('TOO_LONG', 'x'.repeat(4 * 1024 * 1024))
    try {
      expect(await readGitFacts(tmpdir())).toEqual({})
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('of the host name the script and the machine', () => {
    const facts = readHostFacts({ program: '/a/train.mjs', arguments: ['--x'], directory: '/a' })
    expect(facts).toMatchObject({ program: '/a/train.mjs', arguments: ['--x'], directory: '/a', pid: process.pid })
    expect(facts.cpuCount).toBeGreaterThan(0)
  })
})
