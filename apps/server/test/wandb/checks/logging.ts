import { expect } from 'vitest'
import * as z from 'zod'
import { client } from '../../../src/testing/index.ts'
import { at, type Check, count, linesOf, points, project, runOf, succeeded, type Tenant, textsOf } from './check.ts'

const runSchema = z.object({ project: z.object({ run: z.object({ id: z.string() }) }) })

async function ask({ url, apiKey }: Tenant, query: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return z.object({ data: z.unknown() }).parse(await answer.json()).data
}

/** Runs that log, each by what it shows. */
export const loggingChecks: readonly Check[] = [
  {
    name: 'logs numbers, config, labels and its end',
    proves: ['init', 'config', 'log', 'summary', 'finish'],
    async run(wandb, tenant) {
      const { id, result, output } = await succeeded(wandb.run('scalars.py', tenant))
      expect(result).toMatchObject({ entity: tenant.organization, project, name: 'my run' })
      expect(result['url']).toBe(`${tenant.url}/${tenant.organization}/${project}/runs/${id}`)
      expect(output).not.toMatch(/warning|error/i)
      const run = await runOf(tenant, id)
      expect(run).toMatchObject({
        displayName: 'my run',
        group: 'g1',
        jobType: 'train',
        notes: 'hello',
        tags: ['a', 'b'],
      })
      expect(run).toMatchObject({ state: 'finished', exitCode: 0, lastStep: 50 })
      expect(run.config).toEqual({ lr: 0.1, nested: { a: 1, 'b.c': [1, 2] }, dropped: true, later: [1, 2] })
      expect(run.summary).toMatchObject({ best: 0.5, loss: 0.25, late: 7, 'deep.x.y': 19, word: 'w19' })
      expect(run.host).toMatchObject({ program: expect.stringContaining('scalars.py'), sdk: `wandb ${wandb.version}` })
      const { steps, values, times } = await points(tenant, id, 'loss')
      expect([...steps]).toEqual(count(20))
      expect([...values]).toEqual(
        count(20).map((step) => (step === 3 ? Number.NaN : step === 4 ? Number.POSITIVE_INFINITY : 1 / (step + 1))),
      )
      for (const time of times) expect(Math.abs(time - run.startedAt)).toBeLessThan(60_000)
      expect([...(await points(tenant, id, 'late')).steps]).toEqual([50])
      expect([...(await points(tenant, id, 'deep.x.y')).values]).toEqual(count(20))
      expect(await textsOf(tenant, id, 'word')).toEqual(count(20).map((step) => [step, `w${step}`]))
    },
  },
  {
    name: 'binds metrics to batch and epoch',
    proves: ['define_metric', 'define_metric.summary', 'define_metric.hidden'],
    async run(wandb, tenant) {
      const { id } = await succeeded(wandb.run('metrics.py', tenant))
      const { definitions } = await client(tenant).metrics.byRun.query(at(tenant, id))
      const byName = Object.fromEntries(definitions.map(({ name, ...definition }) => [name, definition]))
      expect(byName['val/acc']).toMatchObject({ stepMetric: 'epoch', summary: ['max'] })
      expect(new Set(byName['train/loss']?.summary)).toEqual(new Set(['min', 'max', 'mean', 'last']))
      const found = await client(tenant).metrics.list.query({ ...at(tenant, id), runs: [id] })
      const axes = Object.fromEntries(found.map(({ name, x, isHidden }) => [name, { x, isHidden }]))
      expect(axes['train/speed']?.x).toEqual({ kind: 'metric', name: 'batch' })
      expect(axes['val/loss']?.x).toEqual({ kind: 'metric', name: 'epoch' })
      expect(axes['epoch']?.isHidden).toBe(true)
      const { summary } = await runOf(tenant, id)
      expect(summary).toMatchObject({
        'val/acc': { max: 0.9 },
        'train/loss': { min: -1, max: 10, mean: 4.5, last: -1 },
      })
      expect(summary).not.toHaveProperty('quiet')
      expect([...(await points(tenant, id, 'epoch')).values]).toEqual(expect.arrayContaining([0, 1, 2]))
    },
  },
  {
    name: 'prints',
    proves: ['console'],
    async run(wandb, tenant) {
      const { id } = await succeeded(wandb.run('console.py', tenant))
      const lines = await linesOf(tenant, id)
      const texts = lines.map(({ stream, text }) => `${stream}: ${text.trimEnd()}`)
      expect(texts).toContain('stdout: first line')
      expect(texts).toContain('stderr: to stderr')
      expect(texts).toContain('stdout: progress 5/5')
      expect(texts.filter((text) => text.includes('progress'))).toHaveLength(1)
      expect(texts.join('\n')).toContain('ünïcode 記録')
      for (const { time } of lines) expect(Math.abs(time - Date.now())).toBeLessThan(120_000)
    },
  },
  {
    name: 'fails',
    proves: ['failed'],
    async run(wandb, tenant) {
      const { code, result } = await wandb.run('fails.py', tenant)
      expect(code).toBe(1)
      expect(await runOf(tenant, String(result['id']))).toMatchObject({
        state: 'failed',
        exitCode: 1,
        summary: { loss: 1 },
      })
    },
  },
  {
    name: 'ends a script that is asked to stop',
    proves: ['stop'],
    async run(wandb, tenant) {
      const running = await wandb.start('slow.py', { ...tenant, args: ['400', '0.2'] })
      const id = String((await running.told)['id'])
      const { project: found } = runSchema.parse(
        await ask(tenant, `{ project(name: "${project}") { run(name: "${id}") { id } } }`),
      )
      await ask(tenant, `mutation { stopRun(input: { id: "${found.run.id}" }) { success } }`)
      const { code, result, output } = await running.done
      expect(code, output).not.toBe(0)
      expect(result).toMatchObject({ interrupted: true })
      expect(await runOf(tenant, id)).toMatchObject({ state: 'killed' })
    },
  },
]
