import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { fetchFile } from '../../../src/testing/index.ts'
import { pythonCore } from '../releases.ts'
import { at, type Check, count, linesOf, points, runOf, succeeded, type Tenant, textsOf } from './check.ts'

const printed = async (tenant: Tenant, run: string): Promise<string[]> =>
  (await linesOf(tenant, run)).map(({ text }) => text).filter((text) => text.startsWith('line '))

/** What scripts of before 0.18 need: that release sends otherwise than all that came later. */
export const pythonCoreChecks: readonly Check[] = [
  {
    name: 'logs, goes on and syncs in a script of 0.17',
    proves: ['init', 'config', 'log', 'summary', 'finish', 'console', 'save', 'resume', 'offline', 'cli.sync'],
    releases: [pythonCore],
    async run(wandb, tenant) {
      const directory = await mkdtemp(join(tmpdir(), 'kiroku-wandb-old-'))
      const { id, result, output } = await succeeded(wandb.run('python_core.py', { ...tenant, directory }))
      expect(result, output).toMatchObject({ id: 'old', entity: tenant.organization, resumed: true, first: 10 })
      const run = await runOf(tenant, id)
      expect(run).toMatchObject({ displayName: 'old run', group: 'g1', tags: ['a', 'b'], notes: 'hello' })
      expect(run).toMatchObject({ state: 'finished', exitCode: 0, lastStep: 12 })
      expect(run.config).toEqual({ lr: 0.1, nested: { a: 1 }, later: [1, 2] })
      expect(run.summary).toMatchObject({ best: 0.5, loss: 102, 'deep.x': 9, word: 'w9' })
      expect(run.host).toMatchObject({ program: expect.stringContaining('python_core.py'), sdk: `wandb ${pythonCore}` })
      const logged = count(10).map((step) => (step === 3 ? Number.NaN : 1 / (step + 1)))
      const { steps, values } = await points(tenant, id, 'loss')
      expect([[...steps], [...values]]).toEqual([count(13), [...logged, 100, 101, 102]])
      expect([...(await points(tenant, id, 'deep.x')).values]).toEqual(count(10))
      expect(await textsOf(tenant, id, 'word')).toEqual(count(10).map((step) => [step, `w${step}`]))
      expect(await printed(tenant, id)).toEqual(count(13).map((step) => `line ${step}`))
      const file = await fetchFile(tenant, { ...at(tenant, id), path: 'notes.txt' })
      expect(await file.text()).toBe('saved by hand')

      const offline = 'old-offline'
      await expect(runOf(tenant, offline)).rejects.toThrow('there is no')
      await succeeded(wandb.command(['sync', join(String(result['directory']), '..')], { ...tenant, directory }))
      expect([...(await points(tenant, offline, 'loss')).values]).toEqual(count(30))
      expect(await printed(tenant, offline)).toEqual(count(30).map((step) => `line ${step}`))
      const synced = await runOf(tenant, offline)
      expect(synced).toMatchObject({ state: 'finished', config: { lr: 0.5 }, summary: { loss: 29 } })
    },
  },
]
