import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { readCapacity } from './capacity.ts'
import { SystemMonitor } from './monitor.ts'
import { ProcessTree } from './process-tree.ts'
import { emptySample, systemRoots } from './sample.ts'
import { type SamplerOptions, SystemSampler } from './sampler.ts'

const plain: SamplerOptions = { diskPaths: ['/'], gpuDeviceIds: null, processTree: false, usesCgroup: true }

function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

describe('5.3 the sampler', () => {
  it('looks at the process and the machine', () => {
    const sampler = new SystemSampler(plain, () => {})
    spin(120)
    const { means, latest, counters } = sampler.sample()
    expect(means.get('cpu')).toBeGreaterThan(0)
    for (const name of ['cpu_percent', 'cpu.0.cpu_percent', 'memory_percent', 'proc.memory.percent']) {
      expect(means.get(name), name).toBeGreaterThanOrEqual(0)
      expect(means.get(name), name).toBeLessThanOrEqual(100)
    }
    expect(means.get('proc.memory.rssMB')).toBeGreaterThan(10)
    expect(means.get('proc.memory.availableMB')).toBeGreaterThan(0)
    expect(latest.get('proc.cpu.threads')).toBeGreaterThan(1)
    expect([...counters.keys()]).toEqual(expect.arrayContaining(['network.sent', 'network.recv']))
  })

  it('takes the processor’s share of the time since the last look, not of the process’ life (defect 10)', async () => {
    const sampler = new SystemSampler(plain, () => {})
    spin(300)
    const busy = sampler.sample().means.get('cpu') ?? Number.NaN
    await new Promise((resolve) => setTimeout(resolve, 400))
    const idle = sampler.sample().means.get('cpu') ?? Number.NaN
    expect(idle).toBeLessThan(busy / 2)
  })

  it('tells how full each path is, beside the thread, and nothing of a path that is not there', async () => {
    const seen = emptySample()
    const sampler = new SystemSampler({ ...plain, diskPaths: [tmpdir(), '/not/there'] }, ({ means }) => {
      for (const [name, value] of means) seen.means.set(name, value)
    })
    sampler.ask()
    await vi.waitFor(() => expect(seen.means.get(`disk.${tmpdir()}.usagePercent`)).toBeGreaterThan(0), {
      timeout: 10_000,
    })
    expect(seen.means.get(`disk.${tmpdir()}.usageGB`)).toBeGreaterThan(0)
    expect([...seen.means.keys()].filter((name) => name.includes('not/there'))).toEqual([])
  })

  it('leaves out what cannot be seen now, such as when a process has no file left to open', () => {
    const rss = vi.spyOn(process.memoryUsage, 'rss').mockImplementation(() => {
      throw new Error('EMFILE: too many open files, uv_resident_set_memory')
    })
    try {
      const { means } = new SystemSampler(plain, () => {}).sample()
      expect([means.has('proc.memory.rssMB'), means.has('memory_percent')]).toEqual([false, true])
    } finally {
      rss.mockRestore()
    }
  })

  it('throws nothing where there is neither /proc nor /sys', () => {
    const sampler = new SystemSampler({ ...plain, roots: { proc: '/nowhere', sys: '/nowhere' } }, () => {})
    spin(60)
    const { means, counters } = sampler.sample()
    expect(means.get('cpu')).toBeGreaterThan(0)
    expect(means.get('memory_percent')).toBeGreaterThan(0)
    expect(counters.size).toBe(0)
  })
})

function threadsOf(pid: number | undefined): number {
  return readdirSync(`/proc/${pid}/task`).length
}

describe('5.5 the process tree', () => {
  it('sums memory, processor time and threads over all that a process started', async () => {
    const child = spawn(
      process.execPath,
      [
        '-e',
        `const { spawn } = require('node:child_process')
       spawn(process.execPath, ['-e', 'console.log(1); for (;;);'], { stdio: 'inherit' })
       setInterval(() => {}, 1000)`,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'], detached: true },
    )
    onTestFinished(() => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL')))
    await once(child.stdout, 'data')
    const capacity = readCapacity(systemRoots, false)
    const tree = new ProcessTree(systemRoots, child.pid ?? 0)
    const samples: ReturnType<typeof emptySample>[] = []
    const ask = (): Promise<void> => tree.ask(capacity, (sample) => samples.push(sample))
    await ask()
    await new Promise((resolve) => setTimeout(resolve, 500))
    await ask()
    const [first, second] = samples
    expect(first?.means.get('cpu')).toBeUndefined()
    expect(first?.means.get('proc.memory.rssMB')).toBeGreaterThan(50)
    expect(first?.latest.get('proc.cpu.threads')).toBeGreaterThan(threadsOf(child.pid))
    expect(second?.means.get('cpu')).toBeGreaterThan(0)
    expect(second?.means.get('cpu')).toBeLessThan(150)
  })
})

describe('5.1 the monitor', () => {
  it('publishes the last window when a run ends, and each run its own', () => {
    const monitor = new SystemMonitor()
    const published: [string, ReadonlyMap<string, number>][] = []
    const options = { ...plain, sampleMs: 2_000, windowMs: 15_000 }
    const a = monitor.watch(options, (values) => published.push(['a', values]))
    const b = monitor.watch({ ...options, windowMs: 100 }, (values) => published.push(['b', values]))
    const start = performance.now()
    monitor.tick(start)
    expect(published).toEqual([])
    monitor.tick(start + 101)
    expect(published.map(([name]) => name)).toEqual(['b'])
    spin(60)
    a.close()
    expect(published.map(([name]) => name)).toEqual(['b', 'a'])
    expect(published[1]?.[1].get('cpu')).toBeGreaterThan(0)
    b.close()
    monitor.tick(start + 60_000)
    expect(published.map(([name]) => name)).toEqual(['b', 'a', 'b'])
  })
})
