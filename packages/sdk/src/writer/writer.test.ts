import { describe, expect, it, vi } from 'vitest'
import { readHostFacts } from './facts.ts'
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
  it('of the host name the script and the machine', () => {
    const facts = readHostFacts({ program: '/a/train.mjs', arguments: ['--x'], directory: '/a' })
    expect(facts).toMatchObject({ program: '/a/train.mjs', arguments: ['--x'], directory: '/a', pid: process.pid })
    expect(facts.cpuCount).toBeGreaterThan(0)
  })
})
