import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { client, fetchSeries, readPoints, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
let server: Awaited<ReturnType<typeof testServer>>
let place: Awaited<ReturnType<typeof testOrganization>>
let directory: string
let project: { organization: string; project: string }
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  project = { organization: place.organization, project: 'recipes' }
  directory = await mkdtemp(join(tmpdir(), 'kiroku-recipes-'))
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

/** Runs a program as a user would, in a directory of its own; answers what it printed. */
async function node(program: string, ...words: string[]): Promise<string> {
  const { PATH = '' } = process.env
  const path = fileURLToPath(new URL(program, import.meta.url))
  const env = { PATH, HOME: directory, KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey }
  const { stdout } = await run(process.execPath, [path, ...words], { cwd: directory, env })
  return stdout
}

const recipe = (name: string, ...words: string[]): Promise<string> => node(`../dist/${name}.js`, ...words)
const listRuns = async (filter: { tags?: string[]; group?: string }) =>
  (await client(place).runs.list.query({ ...project, ...filter, limit: 100 })).runs

describe('the recipes', () => {
  it('time scales: each metric is drawn over its own index, and the final value is in the summary', async () => {
    await recipe('time-scales')
    const [found] = await listRuns({})
    expect(found).toMatchObject({ displayName: 'time scales', state: 'finished' })
    const slug = found?.slug ?? ''
    expect(Object(found?.summary).final_accuracy).toBeGreaterThan(0.8)
    expect(Object(found?.summary)['val/accuracy']).toEqual({ max: expect.any(Number), last: expect.any(Number) })
    const { series } = await fetchSeries(place, {
      ...project,
      width: 800,
      series: ['train/loss', 'val/accuracy'].map((metric) => ({ run: slug, metric })),
    })
    expect(series.map(({ x, count }) => [x, count])).toEqual([
      [{ kind: 'metric', name: 'batch' }, 500],
      [{ kind: 'metric', name: 'epoch' }, 5],
    ])
  })

  it('group: several processes are runs of one group', async () => {
    await recipe('group', '--group', 'seeds')
    const runs = await listRuns({ group: 'seeds' })
    expect(runs.map(({ displayName, state }) => `${displayName} ${state}`).sort()).toEqual([
      'seed 1 finished',
      'seed 2 finished',
      'seed 3 finished',
    ])
  })

  it('group --shared: several processes write to one run, each row at a step of its own', async () => {
    await recipe('group', '--group', 'together', '--shared')
    const address = { ...project, run: 'together' }
    expect(await client(place).runs.byId.query(address)).toMatchObject({
      state: 'finished',
      isShared: true,
      lastStep: 8,
    })
    const steps: number[] = []
    for (const seed of [1, 2, 3]) {
      const points = await readPoints(place, { ...address, metric: `seed-${seed}/epoch` })
      expect([...points.values]).toEqual([1, 2, 3])
      steps.push(...points.steps)
    }
    expect(steps.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('resume: a finished run goes on at the step after its last, and takes a result later', async () => {
    expect(await recipe('resume', '--id', 'again')).toContain('begins')
    expect(await recipe('resume', '--id', 'again')).toContain('goes on at step 2')
    await recipe('resume', '--id', 'again', '--test')
    const address = { ...project, run: 'again' }
    const accuracy = await readPoints(place, { ...address, metric: 'val/accuracy' })
    expect([...accuracy.steps]).toEqual([0, 1, 2, 3])
    expect(await client(place).runs.byId.query(address)).toMatchObject({
      displayName: 'resumed',
      state: 'finished',
      config: { learningRate: 0.1, seed: 1 },
      summary: {
        'val/accuracy': { max: Math.max(...accuracy.values), last: accuracy.values[3] },
        test_accuracy: expect.any(Number),
      },
    })
  })

  it('random search: fifty runs are found by their tag, and the best one is told', { timeout: 120_000 }, async () => {
    const told = await recipe('random-search', '--tag', 'found')
    const runs = await listRuns({ tags: ['found'] })
    expect(runs).toHaveLength(50)
    expect(runs.every(({ state }) => state === 'finished')).toBe(true)
    const best = Math.max(...runs.map(({ summary }) => Number(summary['val/accuracy'])))
    expect(best).toBeGreaterThan(0.8)
    expect(told).toContain(`${(100 * best).toFixed(1)} %`)
  })

  it('offline and sync: nothing leaves the machine until it is synced, then all of it is there', async () => {
    const hint = await recipe('offline-sync')
    const [, local] = /^kiroku sync (.*)$/m.exec(hint) ?? []
    expect(await readdir(local ?? '')).toContain('run.klog')
    const before = (await listRuns({})).filter(({ displayName }) => displayName === 'offline')
    expect(before).toEqual([])
    await node('../../../packages/cli/bin/kiroku.mjs', 'sync', local ?? '')
    const [found] = (await listRuns({})).filter(({ displayName }) => displayName === 'offline')
    expect(found).toMatchObject({ state: 'finished', lastStep: 302 })
  })
})
