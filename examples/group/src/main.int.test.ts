import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { client, readPoints, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const project = (): { organization: string; project: string } => ({
  organization: server.organization,
  project: 'group',
})

let server: Awaited<ReturnType<typeof testServer>>
beforeAll(async () => {
  server = await testServer()
})
afterAll(() => server.close())

async function run(...words: string[]): Promise<void> {
  const cwd = await mkdtemp(join(tmpdir(), 'kiroku-group-'))
  onTestFinished(() => rm(cwd, { recursive: true, force: true }))
  const { PATH = '' } = process.env
  await promisify(execFile)(process.execPath, [program, ...words], {
    cwd,
    env: { PATH, HOME: cwd, KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey },
  })
}

describe('the example of a group', () => {
  it('has a run for each process and one for what follows from them', async () => {
    await run('--name', 'together')
    const { runs } = await client(server).runs.list.query(project())
    expect(runs.map(({ group, jobType, displayName, state }) => [displayName, group, jobType, state]).sort()).toEqual([
      ['fold 0', 'together', 'fold', 'finished'],
      ['fold 1', 'together', 'fold', 'finished'],
      ['fold 2', 'together', 'fold', 'finished'],
      ['mean', 'together', 'mean', 'finished'],
    ])
    const value = (jobType: string, key: string): number[] =>
      runs.filter((each) => each.jobType === jobType).map(({ summary }) => Number(summary[key]))
    const accuracies = value('fold', 'val_accuracy')
    const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / 3
    expect(value('mean', 'mean_accuracy')[0]).toBeCloseTo(mean, 10)
    expect(mean).toBeGreaterThan(0.85)
  })

  it('has one run that all processes share, with a step for every row of each', async () => {
    await run('--shared', '--name', 'one-for-all')
    const address = { ...project(), run: 'one-for-all' }
    const shared = await client(server).runs.byId.query(address)
    expect(shared).toMatchObject({ isShared: true, state: 'finished' })
    const read = [0, 1, 2].map((fold) => readPoints(server, { ...address, metric: `epoch/fold-${fold}` }))
    const folds = await Promise.all(read)
    for (const { values } of folds) expect([...values]).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
    const steps = folds.flatMap((fold) => [...fold.steps])
    expect(new Set(steps).size).toBe(90)
    expect((await readPoints(server, { ...address, metric: 'mean_accuracy' })).steps).toHaveLength(1)
    const { metrics } = await client(server).metrics.byRun.query(address)
    const labels = metrics.flatMap(({ name }) => /^proc\.memory\.rssMB\/l:(.*)$/.exec(name)?.[1] ?? [])
    expect(labels.sort()).toEqual(['fold-0', 'fold-1', 'fold-2', 'main'])
  })
})
