import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { readGitFacts, readHostFacts, withoutSecrets } from './facts.ts'
import { SidecarLink } from './sidecar-link.ts'
import { StatsWindow } from './stats-window.ts'
import { SystemSampler } from './system-metrics.ts'

describe('StatsWindow', () => {
  const sample = (cpu: number, sent: number): Parameters<StatsWindow['add']>[0] => ({
    gauges: new Map([['cpu', cpu]]),
    counters: new Map([['network.sent', sent]]),
  })

  it('gives the mean of gauges and the last of counters since the first sample, window by window', () => {
    const window = new StatsWindow(15_000, 0)
    expect(window.add(sample(10, 1000), 0)).toBeUndefined()
    expect(window.add(sample(30, 1500), 14_000)).toBeUndefined()
    expect(window.add(sample(20, 1700), 15_000)).toEqual(
      new Map([
        ['cpu', 20],
        ['network.sent', 700],
      ]),
    )
    expect(window.add(sample(5, 2000), 16_000)).toBeUndefined()
    expect(window.close(17_000)).toEqual(
      new Map([
        ['cpu', 5],
        ['network.sent', 1000],
      ]),
    )
    expect(window.close(18_000)).toEqual(new Map())
  })
})

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

describe('SystemSampler', () => {
  it('looks at the process and the machine', () => {
    const sampler = new SystemSampler()
    for (const until = Date.now() + 60; Date.now() < until; );
    const { gauges } = sampler.sample()
    expect(gauges.get('cpu')).toBeGreaterThan(0)
    for (const name of ['cpu_percent', 'cpu.0.cpu_percent', 'memory_percent', 'disk./.usagePercent']) {
      expect(gauges.get(name), name).toBeGreaterThanOrEqual(0)
      expect(gauges.get(name), name).toBeLessThanOrEqual(100)
    }
    expect(gauges.get('proc.memory.rssMB')).toBeGreaterThan(10)
  })

  it('leaves out what cannot be seen now, such as when a process has no file left to open', () => {
    const rss = vi.spyOn(process.memoryUsage, 'rss').mockImplementation(() => {
      throw new Error('EMFILE: too many open files, uv_resident_set_memory')
    })
    try {
      const { gauges } = new SystemSampler().sample()
      expect([gauges.has('proc.memory.rssMB'), gauges.has('memory_percent')]).toEqual([false, true])
    } finally {
      rss.mockRestore()
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
