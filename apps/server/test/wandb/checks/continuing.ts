import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { client } from '../../../src/testing/index.ts'
import { at, type Check, count, linesOf, points, runOf, succeeded } from './check.ts'

/** Runs that go on, in other processes, at other times. */
export const continuingChecks: readonly Check[] = [
  {
    name: 'goes on with a run, begins it anew, and refuses to',
    proves: ['resume', 'again'],
    async run(wandb, tenant) {
      const id = 'resumed'
      const go = (...args: string[]) => wandb.run('resume.py', { ...tenant, args })
      expect((await go('must', '1')).code).not.toBe(0)
      const first = await succeeded(go('allow', '5', 'one'))
      expect(first.result).toMatchObject({ resumed: false, last: 5 })
      const second = await succeeded(go('must', '3', 'two'))
      expect(second.result).toMatchObject({ resumed: true, last: 8 })
      expect((await go('never', '1')).code).not.toBe(0)
      expect([...(await points(tenant, id, 'loss')).values]).toEqual([0, 1, 2, 3, 4, 0, 1, 2])
      const run = await runOf(tenant, id)
      expect(run).toMatchObject({ state: 'finished', lastStep: 7, config: { one: 1, two: 1 } })
      expect(run.summary).toMatchObject({ loss: 2, 'deep.er': 2 })
      const { definitions, segments } = await client(tenant).metrics.byRun.query(at(tenant, id))
      expect(definitions.map(({ name }) => name)).toContain('custom')
      expect(segments).toHaveLength(2)
      const lines = (await linesOf(tenant, id)).map(({ text }) => text).filter((text) => text.includes('line'))
      expect(lines).toEqual([...count(5).map((n) => `allow line ${n}`), ...count(3).map((n) => `must line ${n}`)])
      const third = await succeeded(go('none', '2'))
      expect(third.result).toMatchObject({ resumed: false, first: 0 })
      expect((await runOf(tenant, id)).state).toBe('finished')
      expect([...(await points(tenant, id, 'loss')).values]).toEqual([0, 1, 2, 3, 4, 0, 1, 2])
    },
  },
  {
    name: 'branches off and goes back',
    proves: ['fork_from', 'resume_from'],
    async run(wandb, tenant) {
      const { id } = await succeeded(wandb.run('scalars.py', tenant))
      const fork = await succeeded(wandb.run('branch.py', { ...tenant, args: ['fork_from', `${id}?_step=9`] }))
      expect(fork.id).not.toBe(id)
      const forked = await points(tenant, fork.id, 'loss')
      expect([...forked.steps]).toEqual(count(13))
      expect([...forked.values].slice(10)).toEqual([100, 101, 102])
      expect((await runOf(tenant, fork.id)).config).toMatchObject({ lr: 0.1 })
      await succeeded(wandb.run('branch.py', { ...tenant, args: ['resume_from', `${id}?_step=4`] }))
      const rewound = await points(tenant, id, 'loss')
      expect([...rewound.steps]).toEqual(count(8))
      expect([...rewound.values].slice(5)).toEqual([100, 101, 102])
      expect((await runOf(tenant, id)).state).toBe('finished')
    },
  },
  {
    name: 'shares a run among processes',
    proves: ['shared'],
    unable: { '0.18.7': 'this release does not tell which of several processes sends' },
    async run(wandb, tenant) {
      const env = { WANDB_RUN_ID: 'shared' }
      await Promise.all(
        ['one', 'two'].map((label) => succeeded(wandb.run('shared.py', { ...tenant, env, args: [label] }))),
      )
      expect([...(await points(tenant, 'shared', 'loss')).steps]).toEqual(count(10))
      const run = await runOf(tenant, 'shared')
      expect(run).toMatchObject({ isShared: true, state: 'finished', config: { one: 1, two: 1 } })
      const lines = (await linesOf(tenant, 'shared')).map(({ text }) => text)
      expect(lines).toEqual(expect.arrayContaining(['from one', 'from two']))
      const { labels } = await client(tenant).console.byRun.query(at(tenant, 'shared'))
      expect(labels).toEqual(['one', 'two'])
    },
  },
  {
    name: 'logs offline, and sends it later, as often as one likes',
    proves: ['offline', 'cli.sync'],
    async run(wandb, tenant) {
      const id = 'was-offline'
      const directory = await mkdtemp(join(tmpdir(), 'kiroku-wandb-offline-'))
      const { result } = await succeeded(wandb.run('offline.py', { ...tenant, directory }))
      await expect(runOf(tenant, id)).rejects.toThrow('there is no')
      const log = join(String(result['directory']), '..')
      await succeeded(wandb.command(['sync', log], { ...tenant, directory }))
      const seen = async () => ({
        loss: [...(await points(tenant, id, 'loss')).values],
        lines: (await linesOf(tenant, id)).map(({ text }) => text).filter((text) => text.startsWith('line ')),
        run: await runOf(tenant, id),
      })
      const once = await seen()
      expect(once.loss).toEqual(count(30))
      expect(once.lines).toEqual(count(30).map((n) => `line ${n}`))
      expect(once.run).toMatchObject({ state: 'finished', config: { lr: 0.5 }, summary: { loss: 29 } })
      const { times } = await points(tenant, id, 'loss')
      expect(once.run.startedAt).toBeLessThanOrEqual(times[0] ?? 0)
      await succeeded(wandb.command(['sync', '--include-synced', log], { ...tenant, directory }))
      const twice = await seen()
      expect(twice.loss).toEqual(once.loss)
      expect(twice.lines).toEqual(once.lines)
      expect(twice.run.summary).toEqual(once.run.summary)
    },
  },
]
