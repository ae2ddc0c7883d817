import { copyFile, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SweepDetails } from '@kiroku/core/sweeps/sweeps'
import { expect } from 'vitest'
import { client, until } from '../../../src/testing/index.ts'
import type { WandbClient } from '../client.ts'
import { newest } from '../releases.ts'
import { type Check, project, succeeded, type Tenant } from './check.ts'

/** What the command does to a sweep whose agent is at work. */
export const sweepStateChecks: readonly Check[] = [
  {
    name: 'pauses, resumes, stops and cancels sweeps by its command, and agents obey',
    proves: ['cli.sweep.state'],
    releases: [newest],
    async run(wandb, tenant) {
      const held = await makeHeld(wandb, tenant)
      const first = await held.makeSweep()
      const agent = first.startAgent()
      await until(async () => expect(await first.states()).toEqual(['running', 'running']), longMs)
      await first.command('--pause')
      expect(await first.states()).toEqual(['paused', 'running'])
      await held.letGo()
      await until(async () => expect(await first.states()).toEqual(['paused', 'finished']), longMs)
      // The agent asked, and asked again, and began nothing.
      const endedAt = Date.now()
      await until(async () => expect(await first.heardAt()).toBeGreaterThan(endedAt + 5000), longMs)
      expect(await first.states()).toEqual(['paused', 'finished'])
      await first.command('--resume')
      await until(async () => expect(await first.states()).toEqual(['running', 'finished', 'running']), longMs)
      await first.command('--stop')
      // The run that goes on is left to its end; then the agent is told to end, too.
      expect(await first.states()).toEqual(['finished', 'finished', 'running'])
      await held.letGo()
      await succeeded(agent)
      expect(await first.states()).toEqual(['finished', 'finished', 'finished'])
      expect((await first.tell('--pause')).output).toContain('Cannot pause finished sweep')

      const second = await held.makeSweep()
      const canceled = second.startAgent()
      await until(async () => expect(await second.states()).toEqual(['running', 'running']), longMs)
      await second.command('--cancel')
      await succeeded(canceled)
      expect(await second.states()).toEqual(['canceled', 'killed'])
      expect((await second.tell('--resume')).output).toContain('it cannot go on; make a new sweep')
    },
  },
]

/** An agent asks every five seconds, and is told one thing at a time. */
const longMs = 60_000

/** Sweeps over a script whose runs go on until they are let go. */
async function makeHeld(wandb: WandbClient, tenant: Tenant) {
  const directory = await mkdtemp(join(tmpdir(), 'kiroku-wandb-states-'))
  await copyFile(new URL('../scripts/sweep_held.py', import.meta.url), join(directory, 'sweep_held.py'))
  await writeFile(
    join(directory, 'sweep.yaml'),
    'program: sweep_held.py\nmethod: random\nparameters:\n  lr: {min: 1.0e-6, max: 0.5}\n',
  )
  const run = (...args: string[]) => wandb.command(args, { ...tenant, directory, timeoutMs: 200_000 })
  return {
    letGo: () => writeFile(join(directory, 'let-go'), ''),
    async makeSweep() {
      const { output } = await succeeded(run('sweep', 'sweep.yaml'))
      const sweep = /sweep with ID: (\w+)/.exec(output)?.[1] ?? ''
      const path = `${tenant.organization}/${project}/${sweep}`
      const details = (): Promise<SweepDetails> =>
        client(tenant).sweeps.byId.query({ organization: tenant.organization, project, sweep })
      return {
        startAgent: () => run('agent', path),
        command: (flag: string) => succeeded(run('sweep', flag, path)),
        tell: (flag: string) => run('sweep', flag, path),
        /** The sweep's state, and those of its runs in their order. */
        async states(): Promise<string[]> {
          const { sweep: found, runs } = await details()
          return [found.state, ...runs.map(({ state }) => state)]
        },
        heardAt: async () => Math.max(...(await details()).agents.map(({ heartbeatAt }) => heartbeatAt)),
      }
    },
  }
}
