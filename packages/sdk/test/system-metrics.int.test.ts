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

type Metrics = ReadonlyMap<string, { times: readonly number[]; values: readonly number[] }>
type Watched = {
  /** How long the training goes on once its `script` ran; not at all when left out. */
  ms?: number
  script?: string
  env?: Record<string, string>
}

/** Runs a training of some length; answers the times of each metric of the machine, and its values. */
async function watch(run: string, { ms = 0, script = '', env: more = {} }: Watched): Promise<Metrics> {
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

/**
 * How long trainings are. Where the processors have other work, the machine is first looked at, and its tools answer, late. Each is
 * shorter than a window of fifteen seconds, unless a test asks for shorter ones.
 */
const lengths = [500, 2_000, 8_000]

/** Runs longer and longer trainings until the metrics of one satisfy; answers those of the last. */
async function watchUntil(run: string, watched: Watched, isEnough: (metrics: Metrics) => boolean): Promise<Metrics> {
  let metrics: Metrics = new Map()
  for (const ms of lengths) {
    metrics = await watch(`${run}-${ms}`, { ...watched, ms })
    if (isEnough(metrics)) break
  }
  return metrics
}

const hasAll =
  (...names: string[]) =>
  (metrics: Metrics): boolean =>
    names.every((name) => metrics.has(name))

describe('5.1 system metrics', () => {
  it('of a run that is shorter than a window are its last window, which is published as it ends', async () => {
    const before = Date.now()
    const shares = ['cpu', 'cpu_percent', 'cpu.0.cpu_percent', 'memory_percent', 'disk./.usagePercent']
    const metrics = await watchUntil('short', {}, hasAll(...shares))
    const rss = metrics.get('proc.memory.rssMB')
    expect(rss?.values).toHaveLength(1)
    expect(rss?.values[0]).toBeGreaterThan(10)
    expect(rss?.times[0]).toBeGreaterThan(before)
    expect(rss?.times[0]).toBeLessThanOrEqual(Date.now())
    for (const name of shares) {
      expect(metrics.get(name)?.values[0], name).toBeGreaterThanOrEqual(0)
      expect(metrics.get(name)?.values[0], name).toBeLessThanOrEqual(100)
    }
    expect(metrics.get('proc.cpu.threads')?.values[0]).toBeGreaterThan(1)
    expect(metrics.get('network.sent')?.values[0]).toBeGreaterThanOrEqual(0)
  })

  it('come as often as every tenth of a second on request', async () => {
    const seconds = { KIROKU_STATS_SAMPLE_SECONDS: '0.1', KIROKU_STATS_WINDOW_SECONDS: '0.1' }
    const timesOf = (metrics: Metrics): readonly number[] => metrics.get('proc.memory.rssMB')?.times ?? []
    const times = timesOf(await watchUntil('often', { env: seconds }, (metrics) => timesOf(metrics).length > 5))
    expect(times.length).toBeGreaterThan(5)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  it('are none where they are not wanted', async () => {
    expect([...(await watch('none', { env: { KIROKU_DISABLE_STATS: 'true' } })).keys()]).toEqual([])
  })

  it('tell the disks of the paths that were asked for', async () => {
    const paths = { KIROKU_STATS_DISK_PATHS: '/tmp,/not/there' }
    const metrics = await watchUntil('disks', { env: paths }, hasAll('disk./tmp.usageGB', 'disk./tmp.usagePercent'))
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
    const all = await watchUntil('gpus', { env: path }, hasAll('gpu.1.memoryAllocated', 'gpu.process.1.gpu'))
    expect(all.get('gpu.0.gpu')?.values).toEqual([50])
    expect(all.get('gpu.1.memoryAllocated')?.values).toEqual([25])
    expect(all.get('gpu.process.1.gpu')?.values).toEqual([51])
    expect(all.has('gpu.process.0.gpu')).toBe(false)
    const chosen = { ...path, KIROKU_STATS_GPU_DEVICE_IDS: '1' }
    const one = await watchUntil('gpu-1', { env: chosen }, hasAll('gpu.1.gpu'))
    expect([one.has('gpu.0.gpu'), one.get('gpu.1.gpu')?.values]).toEqual([false, [51]])
  })
})

describe('5.5 the process tree', () => {
  it('counts what the script started, where that is wanted', async () => {
    const script = `import { spawn } from 'node:child_process'
const held = 'const held = Buffer.alloc(200e6, 1); console.log("held"); setInterval(() => held, 1000)'
const child = spawn(process.execPath, ['-e', held], { stdio: ['ignore', 'pipe', 'ignore'] })
await new Promise((resolve) => child.stdout.once('data', resolve))
process.on('exit', () => child.kill('SIGKILL'))
child.unref()
child.stdout.destroy()
run.log({ loss: 2 })`
    const window = { KIROKU_STATS_SAMPLE_SECONDS: '0.5', KIROKU_STATS_WINDOW_SECONDS: '0.5' }
    const highest = (metrics: Metrics, name: string): number => Math.max(...(metrics.get(name)?.values ?? []))
    const alone = await watchUntil('alone', { script, env: window }, hasAll('proc.memory.rssMB'))
    const least = highest(alone, 'proc.memory.rssMB') + 180
    expect(least).toBeGreaterThan(180)
    const isCounted = (metrics: Metrics): boolean =>
      highest(metrics, 'proc.memory.rssMB') > least && highest(metrics, 'cpu') > 0
    const tree = await watchUntil('tree', { script, env: { ...window, KIROKU_STATS_PROCESS_TREE: 'true' } }, isCounted)
    expect(highest(tree, 'proc.memory.rssMB')).toBeGreaterThan(least)
    expect(highest(tree, 'cpu')).toBeGreaterThan(0)
  })
})
