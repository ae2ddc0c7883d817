import { copyFile, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SweepDetails } from '@kiroku/core/sweeps/sweeps'
import { expect } from 'vitest'
import { client } from '../../../src/testing/index.ts'
import { newest, oldest } from '../releases.ts'
import { type Check, points, project, succeeded, type Tenant } from './check.ts'

const detailsOf = ({ organization, ...tenant }: Tenant, sweep: string): Promise<SweepDetails> =>
  client(tenant).sweeps.byId.query({ organization, project, sweep })

/** Sweeps by agents of real clients, each by what it shows. */
export const sweepChecks: readonly Check[] = [
  {
    name: 'goes through a grid by an agent, every combination once',
    proves: ['sweep', 'agent', 'api.sweep'],
    provesOfNewest: ['sweep.bayes', 'sweep.hyperband'],
    async run(wandb, tenant) {
      const isNewest = wandb.version === newest
      const [rows, columns] = isNewest ? [6, 5] : [2, 2]
      const size = rows * columns
      const early = isNewest ? '1' : '0'
      const { code, output, result } = await wandb.run('sweep.py', {
        ...tenant,
        args: [String(rows), String(columns), early],
        timeoutMs: 220_000,
      })
      expect(code, output).toBe(0)
      const sweep = String(result['sweep'])
      const tried = result['tried']
      expect(tried, output).toHaveLength(size)
      const { sweep: found, runs, agents, leftOut } = await detailsOf(tenant, sweep)
      expect(found).toMatchObject({
        displayName: 'a grid',
        description: 'of two',
        state: 'finished',
        expectedRuns: size,
      })
      expect(found).toMatchObject({ runCount: size, runningCount: 0 })
      expect(found.best?.value).toBe(0)
      expect(leftOut).toBe(0)
      expect(agents.map(({ state, runCount }) => [state, runCount])).toEqual([
        [expect.stringMatching(/live|gone|exited/), 2],
        ['exited', size - 2],
      ])
      const seen = runs.map(({ run, config, value }) => ({ run, config, value }))
      const wanted = Array.from({ length: size }, (_, index) => [Math.floor(index / columns), index % columns] as const)
      expect(seen.map(({ config }) => config)).toEqual(wanted.map(([x, y]) => ({ x, deep: { y }, fixed: '08' })))
      expect(seen.map(({ value }) => value)).toEqual(wanted.map(([x, y]) => (x - 1) ** 2 + y / 10))
      expect(runs.every(({ state }) => state === 'finished')).toBe(true)
      expect(tried).toEqual(seen.map(({ run, config }) => [run, config['x'], valueIn(config['deep']), '08', sweep]))
      expect(result).toMatchObject({
        pending: 'PENDING',
        state: 'FINISHED',
        expected: size,
        order: '+summary_metrics.loss',
      })
      expect(result).toMatchObject({ config: { ...found.config, name: 'a grid', method: 'grid' }, name: 'a grid' })
      expect(result['found']).toEqual(expect.arrayContaining(seen.map(({ run }) => run)))
      const ids = seen.map(({ run }) => run)
      if (isNewest) expect(result['began'], 'by each agent').toEqual([ids.slice(0, 2), ids.slice(2)])
      expect(result['best']).toBe(seen.find(({ value }) => value === 0)?.run)
      expect(result['url']).toBe(`${tenant.url}/${tenant.organization}/${project}/sweeps/${sweep}`)
      const listed = await client(tenant).runs.list.query({
        organization: tenant.organization,
        project,
        filter: { op: 'eq', path: 'sweep', value: sweep },
      })
      expect(listed.total).toBe(size)
      if (early === '1') await checkEarlyTermination(tenant, result)
    },
  },

  {
    name: 'goes on with a run whose machine was taken away',
    proves: ['preempting', 'sweep.preempted'],
    releases: [newest, oldest],
    async run(wandb, tenant) {
      const { result, output } = await succeeded(wandb.run('preempted.py', tenant))
      const { sweep, runs } = await detailsOf(tenant, String(result['sweep']))
      expect(sweep, output).toMatchObject({ state: 'finished', runCount: 1 })
      const run = runs[0]?.run ?? ''
      expect(result).toMatchObject({ marked: 'preempting', left: 'preempted', listed: [run], end: 'finished' })
      expect(result['went']).toEqual([
        [run, false, 'running', 1],
        [run, true, 'running', 2],
      ])
      expect([...(await points(tenant, run, 'loss')).values]).toEqual([1, 2])
    },
  },

  {
    name: 'is driven by the command line',
    proves: ['sweep.random', 'cli.sweep'],
    releases: [newest],
    async run(wandb, tenant) {
      const directory = await mkdtemp(join(tmpdir(), 'kiroku-wandb-sweep-'))
      await copyFile(new URL('../scripts/sweep_train.py', import.meta.url), join(directory, 'sweep_train.py'))
      const config = ['program: sweep_train.py', 'method: random', 'run_cap: 2', 'metric: {name: loss}', 'parameters:']
      await writeFile(join(directory, 'sweep.yaml'), [...config, '  lr: {min: 1.0e-6, max: 0.5}'].join('\n'))
      const command = async (...args: string[]) => {
        const { code, output } = await wandb.command(args, { ...tenant, directory })
        expect(code, output).toBe(0)
        return output
      }
      const output = await command('sweep', '--name', 'by hand', 'sweep.yaml')
      const sweep = /sweep with ID: (\w+)/.exec(output)?.[1] ?? ''
      const path = `${tenant.organization}/${project}/${sweep}`
      const state = async () => (await detailsOf(tenant, sweep)).sweep.state
      expect(await detailsOf(tenant, sweep)).toMatchObject({
        sweep: { displayName: 'by hand', state: 'pending', expectedRuns: 2 },
      })
      await command('agent', '--count', '1', path)
      expect(await state()).toBe('running')
      await command('sweep', '--pause', path)
      expect(await state()).toBe('paused')
      await command('sweep', '--resume', path)
      expect(await state()).toBe('running')
      await command('agent', path)
      const { sweep: found, runs } = await detailsOf(tenant, sweep)
      expect(found).toMatchObject({ state: 'finished', runCount: 2 })
      for (const { run, config: got, value, state: ended } of runs) {
        expect(ended).toBe('finished')
        expect(value).toBeCloseTo(Number(got['lr']) * 2)
        const { config: whole } = await client(tenant).runs.byId.query({
          organization: tenant.organization,
          project,
          run,
        })
        expect(whole['given']).toEqual([`--lr=${got['lr']}`])
      }
      await command('sweep', '--update', path, 'sweep.yaml')
      const another = /sweep with ID: (\w+)/.exec(await command('sweep', 'sweep.yaml'))?.[1] ?? ''
      await command('sweep', '--cancel', `${tenant.organization}/${project}/${another}`)
      expect((await detailsOf(tenant, another)).sweep.state).toBe('canceled')
    },
  },
]

const valueIn = (deep: unknown): unknown =>
  deep !== null && typeof deep === 'object' && 'y' in deep ? deep.y : undefined

async function checkEarlyTermination(tenant: Tenant, result: Record<string, unknown>): Promise<void> {
  const { sweep, runs } = await detailsOf(tenant, String(result['early']))
  expect(result['went']).toEqual(runs.map(({ run }) => run))
  expect(sweep).toMatchObject({ state: 'finished', expectedRuns: 3, runCount: 3 })
  expect(runs.map(({ state, isStoppedEarly }) => [state, isStoppedEarly])).toEqual([
    ['finished', false],
    ['finished', false],
    ['killed', true],
  ])
  for (const { config } of runs) expect(Number(config['lr'])).toBeGreaterThan(0)
  expect(new Set(runs.map(({ config }) => config['lr'])).size).toBe(3)
}
