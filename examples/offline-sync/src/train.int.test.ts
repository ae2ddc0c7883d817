import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { client, readPoints, testServer } from '@kiroku/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../dist/train.js', import.meta.url))
const kiroku = join(dirname(createRequire(import.meta.url).resolve('@kiroku/cli/package.json')), 'bin', 'kiroku.mjs')

describe('the example of an offline run', () => {
  it('is on no server until it is synced, and there once when it is synced twice', async () => {
    await using server = await testServer()
    const cwd = await mkdtemp(join(tmpdir(), 'kiroku-offline-'))
    onTestFinished(() => rm(cwd, { recursive: true, force: true }))
    const { PATH = '' } = process.env
    const run = (words: string[], env: Record<string, string>): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, words, { cwd, env: { PATH, HOME: cwd, ...env } })
    const { stdout } = await run([program], {})
    expect(stdout.trim()).toContain(join(cwd, '.kiroku', 'runs'))

    const there = { KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey }
    await run([kiroku, 'sync'], there)
    const project = { organization: server.organization, project: 'offline' }
    const [synced, ...others] = (await client(server).runs.list.query(project)).runs
    expect(others).toEqual([])
    expect(synced).toMatchObject({ state: 'finished', tags: ['example'], config: { learningRate: 0.3 } })
    await run([kiroku, 'sync', stdout.trim()], there)
    expect((await client(server).runs.list.query(project)).runs).toHaveLength(1)
    const { steps, values } = await readPoints(server, {
      ...project,
      run: synced?.slug ?? '',
      metric: 'val_accuracy',
    })
    expect([...steps]).toEqual(Array.from({ length: 40 }, (_, step) => step))
    expect(synced?.summary['val_accuracy']).toBe(values[39])
  })
})
