import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { client, readPoints, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Programs, programText } from './program.ts'
import { endedRun, type Place } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey, KIROKU_PROJECT: 'demo' }
})
afterAll(() => server.close())

/** Runs a training of some length; answers the times of each metric of the machine, and its values. */
async function watch(
  run: string,
  { ms, script = '', env: more = {} }: { ms: number; script?: string; env?: Record<string, string> },
): Promise<ReadonlyMap<string, { times: readonly number[]; values: readonly number[] }>> {
  using programs = new Programs(env)
  const program = join(programs.directory, 'train.mjs')
  writeFileSync(
    program,
    programText(`const run = kiroku.init()
run.log({ loss: 1 })
${script}
await new Promise((resolve) => setTimeout(resolve, ${ms}))
await run.finish()`),
  )
  const ended = await programs.run(program, programs.directory, { KIROKU_RUN_ID: run, ...more })
  expect(ended.exitCode, ended.stderr).toBe(0)
  await endedRun(place, run)
  const address = { organization: place.organization, project: 'demo', run }
  const { metrics } = await client(place).metrics.byRun.query(address)
  const names = metrics.filter(({ stream }) => stream === 'system').map(({ name }) => name)
  const read = names.map(async (name) => {
    const { steps, values } = await readPoints(place, { ...address, metric: name, stream: 'system' })
    return [name, { times: [...steps], values: [...values] }] as const
  })
  return new Map(await Promise.all(read))
}

describe('5.1 system metrics', () => {
  it('of a run that is shorter than a window are its last window, which is published as it ends', async () => {
    const before = Date.now()
    const metrics = await watch('short', { ms: 400 })
    const rss = metrics.get('proc.memory.rssMB')
    expect(rss?.values).toHaveLength(1)
    expect(rss?.values[0]).toBeGreaterThan(10)
    expect(rss?.times[0]).toBeGreaterThan(before)
    expect(rss?.times[0]).toBeLessThanOrEqual(Date.now())
    for (const name of ['cpu', 'cpu_percent', 'cpu.0.cpu_percent', 'memory_percent', 'disk./.usagePercent']) {
      expect(metrics.get(name)?.values[0], name).toBeGreaterThanOrEqual(0)
      expect(metrics.get(name)?.values[0], name).toBeLessThanOrEqual(100)
    }
    expect(metrics.get('proc.cpu.threads')?.values[0]).toBeGreaterThan(1)
    expect(metrics.get('network.sent')?.values[0]).toBeGreaterThanOrEqual(0)
  })

  it('come as often as every tenth of a second on request', async () => {
    const seconds = { KIROKU_STATS_SAMPLE_SECONDS: '0.1', KIROKU_STATS_WINDOW_SECONDS: '0.1' }
    const times = (await watch('often', { ms: 1500, env: seconds })).get('proc.memory.rssMB')?.times ?? []
    expect(times.length).toBeGreaterThan(5)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  it('are none where they are not wanted', async () => {
    expect([...(await watch('none', { ms: 0, env: { KIROKU_DISABLE_STATS: 'true' } })).keys()]).toEqual([])
  })

  it('tell the disks of the paths that were asked for', async () => {
    const metrics = await watch('disks', { ms: 300, env: { KIROKU_STATS_DISK_PATHS: '/tmp,/not/there' } })
    const names = [...metrics.keys()].filter((name) => /^disk\..*\.usage/.test(name))
    expect(names.sort()).toEqual(['disk./tmp.usageGB', 'disk./tmp.usagePercent'])
  })
})

describe('5.4 GPUs', () => {
  it('of a machine that has the tool are told, those that were chosen, and as the script’s own where it uses them', async () => {
    using tools = new Programs({})
    const tool = join(tools.directory, 'nvidia-smi')
    writeFileSync(
      tool,
      `#!/bin/sh
case "$1" in
--query-gpu=*) for i in 0 1; do echo "$i, GPU-$i, 5$i, 40, 1024, 4096, 61, 200, 400, 1410, 1215, 0, 0, [N/A], 0, 4, 16, 4, 16"; done ;;
*) echo "$PPID, GPU-1" ;;
esac
`,
    )
    chmodSync(tool, 0o755)
    const path = { PATH: `${tools.directory}:${dirname(process.execPath)}:/usr/bin:/bin` }
    const all = await watch('gpus', { ms: 600, env: path })
    expect(all.get('gpu.0.gpu')?.values).toEqual([50])
    expect(all.get('gpu.1.memoryAllocated')?.values).toEqual([25])
    expect(all.get('gpu.process.1.gpu')?.values).toEqual([51])
    expect(all.has('gpu.process.0.gpu')).toBe(false)
    const one = await watch('gpu-1', { ms: 600, env: { ...path, KIROKU_STATS_GPU_DEVICE_IDS: '1' } })
    expect([one.has('gpu.0.gpu'), one.get('gpu.1.gpu')?.values]).toEqual([false, [51]])
  })
})

describe('5.5 the process tree', () => {
  it('counts what the script started, where that is wanted', async () => {
    const script = `import { spawn } from 'node:child_process'
const child = spawn(process.execPath, ['-e', 'const held = Buffer.alloc(200e6, 1); setInterval(() => held, 1000)'], { stdio: 'ignore' })
run.log({ loss: 2 })
setTimeout(() => child.kill('SIGKILL'), 1900)`
    const alone = await watch('alone', { ms: 2000, script })
    const window = { KIROKU_STATS_SAMPLE_SECONDS: '0.5', KIROKU_STATS_WINDOW_SECONDS: '0.5' }
    const tree = await watch('tree', { ms: 2000, script, env: { KIROKU_STATS_PROCESS_TREE: 'true', ...window } })
    const highest = Math.max(...(tree.get('proc.memory.rssMB')?.values ?? []))
    expect(highest).toBeGreaterThan((alone.get('proc.memory.rssMB')?.values[0] ?? Number.NaN) + 180)
    expect(Math.max(...(tree.get('cpu')?.values ?? []))).toBeGreaterThan(0)
  })
})
