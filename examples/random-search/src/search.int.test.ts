import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { client, testServer } from '@kiroku/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../dist/search.js', import.meta.url))

describe('the example of a random search', () => {
  it('is fifty runs with a tag, of which it tells the best', async () => {
    await using server = await testServer()
    const cwd = await mkdtemp(join(tmpdir(), 'kiroku-search-'))
    onTestFinished(() => rm(cwd, { recursive: true, force: true }))
    const { PATH = '' } = process.env
    const { stdout } = await promisify(execFile)(process.execPath, [program], {
      cwd,
      env: { PATH, HOME: cwd, KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey },
    })
    const project = { organization: server.organization, project: 'random-search' }
    const { runs } = await client(server).runs.list.query({ ...project, limit: 100 })
    expect(runs).toHaveLength(50)
    for (const run of runs) {
      expect(run).toMatchObject({ state: 'finished', tags: ['random-search'], lastStep: 19 })
      expect(Object.keys(run.config).sort()).toEqual(['batchSize', 'hidden', 'learningRate'])
    }
    const accuracies = runs.map(({ summary }) => Number(summary['val_accuracy']))
    const [, id, accuracy] = /^best of 50: run (\w+), accuracy ([\d.]+),/m.exec(stdout) ?? []
    expect(Number(accuracy)).toBe(Math.max(...accuracies))
    expect(runs.find(({ slug }) => slug === id)?.summary['val_accuracy']).toBe(Number(accuracy))
    expect(Math.min(...accuracies)).toBeLessThan(Number(accuracy))
  })
})
