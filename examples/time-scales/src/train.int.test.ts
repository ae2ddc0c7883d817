import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { client, fetchSeries, readPoints, testServer } from '@kiroku/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../dist/train.js', import.meta.url))

describe('the example of time scales', () => {
  it('has each metric over its own axis, and what was logged once in the runs table', async () => {
    await using server = await testServer()
    const cwd = await mkdtemp(join(tmpdir(), 'kiroku-scales-'))
    onTestFinished(() => rm(cwd, { recursive: true, force: true }))
    const { PATH = '' } = process.env
    await promisify(execFile)(process.execPath, [program], {
      cwd,
      env: { PATH, HOME: cwd, KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey },
    })
    const project = { organization: server.organization, project: 'time-scales' }
    const { runs } = await client(server).runs.list.query(project)
    expect(runs).toHaveLength(1)
    const [run] = runs
    const address = { ...project, run: run?.slug ?? '' }
    const drawn = await fetchSeries(server, {
      ...project,
      series: ['train/loss', 'val/loss'].map((metric) => ({ run: address.run, metric })),
      x: { kind: 'bound' },
      width: 2000,
    })
    const axes = drawn.series.map((line) => (line.form === 'points' ? [...line.columns.x] : []))
    expect(axes).toEqual([
      Array.from({ length: 1200 }, (_, index) => index + 1),
      Array.from({ length: 30 }, (_, index) => index + 1),
    ])
    const { values } = await readPoints(server, { ...address, metric: 'val/accuracy' })
    expect(run).toMatchObject({
      state: 'finished',
      summary: { final_accuracy: values[29], 'val/accuracy': { max: Math.max(...values) } },
    })
    expect(values[29]).toBeGreaterThan(0.9)
  })
})
