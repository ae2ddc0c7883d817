import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { client, readPoints, testServer } from '@kiroku/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

describe('the example of resuming', () => {
  it('is one run of twenty epochs in a row, with a value that was added after its end', async () => {
    await using server = await testServer()
    const cwd = await mkdtemp(join(tmpdir(), 'kiroku-resume-'))
    onTestFinished(() => rm(cwd, { recursive: true, force: true }))
    const { PATH = '' } = process.env
    const env = { PATH, HOME: cwd, KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey }
    const run = async (name: string): Promise<void> => {
      const program = fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url))
      await promisify(execFile)(process.execPath, [program], { cwd, env })
    }
    const address = { organization: server.organization, project: 'resume', run: 'resumed-example' }
    const read = async (): Promise<{ steps: number[]; values: number[] }> => {
      const { steps, values } = await readPoints(server, { ...address, metric: 'val_accuracy' })
      return { steps: [...steps], values: [...values] }
    }

    await run('train')
    const first = await read()
    expect(first.steps).toEqual(Array.from({ length: 10 }, (_, step) => step))
    await run('train')
    const both = await read()
    expect(both.steps).toEqual(Array.from({ length: 20 }, (_, step) => step))
    expect(both.values.slice(0, 10)).toEqual(first.values)
    await run('evaluate')
    expect(await read()).toEqual(both)
    const stored = await client(server).runs.byId.query(address)
    expect(stored).toMatchObject({ state: 'finished', summary: { val_accuracy: { max: Math.max(...both.values) } } })
    expect(stored.summary['test_accuracy']).toBeGreaterThan(0.85)
  })
})
