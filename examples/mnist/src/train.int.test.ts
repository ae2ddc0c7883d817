import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { client, fetchSeries, readPoints, testServer, until } from '@kiroku/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../dist/train.js', import.meta.url))

describe('the example training', () => {
  it('is seen while it runs, each metric over its own step metric, and ends with its test accuracy', async () => {
    await using server = await testServer()
    const directory = await mkdtemp(join(tmpdir(), 'kiroku-mnist-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const { PATH = '' } = process.env
    const training = spawn(process.execPath, [program, '--epochs', '1', '--name', 'tried'], {
      env: { PATH, HOME: directory, KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey, KIROKU_DIR: directory },
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    const ended = once(training, 'exit')
    onTestFinished(() => void training.kill('SIGKILL'))
    const api = client(server)
    const project = { organization: server.organization, project: 'mnist' }

    const begun = await until(async () => {
      const [run] = (await api.runs.list.query(project)).runs
      if (run === undefined) throw new Error('the run is not there yet')
      return run
    })
    expect(begun).toMatchObject({
      displayName: 'tried',
      tags: ['example'],
      config: { epochs: 1, seed: 1, batchSize: 16 },
    })
    const address = { ...project, run: begun.slug }
    const early = await until(async () => {
      const { values } = await readPoints(server, { ...address, metric: 'train/loss' })
      if (values.length === 0) throw new Error('nothing is drawn yet')
      return values.length
    })
    expect(training.exitCode).toBeNull()
    expect(early).toBeLessThan(500)

    expect(await ended).toEqual([0, null])
    const read = async (metric: string): Promise<number[]> => [
      ...(await readPoints(server, { ...address, metric })).values,
    ]
    expect(await read('batch')).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
    expect(await read('epoch')).toEqual([1])
    const accuracy = await read('test_accuracy')
    expect(accuracy).toHaveLength(1)
    expect(accuracy[0]).toBeGreaterThan(0.9)
    const run = await api.runs.byId.query(address)
    expect(run).toMatchObject({ state: 'finished', exitCode: 0, summary: { test_accuracy: accuracy[0] } })

    const { series } = await fetchSeries(server, {
      ...project,
      width: 800,
      series: ['train/loss', 'val/accuracy', 'test_accuracy'].map((metric) => ({
        run: begun.slug,
        metric,
      })),
    })
    expect(series.map(({ x }) => x)).toEqual([
      { kind: 'metric', name: 'batch' },
      { kind: 'metric', name: 'epoch' },
      { kind: 'step' },
    ])
  }, 120_000)
})
