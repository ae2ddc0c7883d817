import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import * as z from 'zod'
import { batchOf, client, postBatch, testRun } from '../../../src/testing/index.ts'
import { newest } from '../releases.ts'
import { at, type Check, count, linesOf, points, project, runOf, succeeded } from './check.ts'

/** What `wandb.Api()` reads and changes. */
export const publicApiChecks: readonly Check[] = [
  {
    name: 'reads runs back, changes and deletes them',
    proves: [
      'several',
      'resume',
      'alert',
      'api.run',
      'api.runs',
      'api.history',
      'api.scan',
      'api.system',
      'api.files',
      'api.update',
      'api.delete',
      'api.projects',
      'api.wait',
      'restore',
      'cli.pull',
      'cli.restore',
    ],
    provesOfNewest: ['api.console'],
    async run(wandb, tenant) {
      const { organization } = tenant
      const labels = { displayName: 'run three', config: { lr: 0.3, opt: { name: 'adam' } } }
      const three = await testRun(tenant, { project, run: 'three', ...labels })
      const end = { type: 'finish', state: 'finished', exitCode: 0, time: Date.now() } as const
      await postBatch(
        tenant,
        batchOf(three, {
          rows: [{ step: 5, values: { acc: 6, late: 7 } }],
          systemRows: [{ step: 1_700_000_000_500, time: 1_700_000_000_500, values: { cpu: 12.5 } }],
          texts: [{ step: 5, time: 0, metric: 'word', value: 'by the SDK' }],
          updates: [end],
        }),
      )
      const { result, output } = await succeeded(wandb.run('api.py', tenant))
      expect(result['three'], output).toEqual({
        config: labels.config,
        late: 7,
        rows: [[5, 6, 'by the SDK']],
        machine: [[1_700_000_000.5, 12.5]],
        system: { 'system.cpu': 12.5 },
      })
      expect(result).toMatchObject({
        viewer: expect.stringContaining('owner'),
        entity: organization,
        projects: [project],
        project,
      })
      const keys = ['acc', 'late', 'loss', 'nested.deep', 'word']
      expect(result['one'], output).toMatchObject({
        id: 'one',
        name: 'run one',
        state: 'finished',
        config: { lr: 0.1, opt: { name: 'adam' } },
        tags: ['a', 'b'],
        notes: 'hello',
        group: 'g1',
        job_type: 'train',
        url: `${tenant.url}/${organization}/${project}/runs/one`,
        user: organization,
        created_at: new Date((await runOf(tenant, 'one')).createdAt).toISOString(),
        lastHistoryStep: 1000,
        historyKeys: keys,
        program: expect.stringContaining('api.py'),
      })
      expect(result['summary']).toEqual({ loss: 1 / 25, late: 7, word: 'hello', 'nested.deep': 24 })
      expect(result).toMatchObject({
        count: 3,
        every: ['three', 'one', 'two'],
        counted: 2,
        configs: [0.1, 0.2, 0.3],
        found: {
          state: ['three', 'two'],
          value: ['one'],
          nested: ['three', 'one'],
          lacks: ['three'],
          in: ['one'],
          created: ['three', 'one', 'two'],
          none: [],
          summary: ['three', 'two', 'one'],
          newest: ['two', 'one', 'three'],
        },
        unknown: expect.stringMatching(/\$near.*there are .*\$regex/),
        nowhere: expect.stringContaining('nowhere'),
        elsewhere: expect.stringContaining('demo'),
      })

      const loss = (step: number) => (step === 3 ? 'NaN' : step === 4 ? '-Infinity' : 1 / (step + 1))
      const steps = [...count(25), 1000]
      const scanned = z.array(z.record(z.string(), z.unknown())).parse(result['scan'])
      expect(scanned.map((row) => row['_step'])).toEqual(steps)
      expect(scanned.slice(0, 25)).toMatchObject(
        count(25).map((step) => ({
          loss: loss(step),
          'nested.deep': step,
          ...(step % 5 === 0 && { acc: step * 0.1 }),
          _timestamp: expect.any(Number),
          _runtime: expect.any(Number),
        })),
      )
      expect(scanned.at(-1)).toMatchObject({ late: 7, word: 'hello' })
      expect(scanned.at(-1)).not.toHaveProperty('loss')
      const { times } = await points(tenant, 'one', 'loss')
      expect(scanned.slice(0, 25).map((row) => Math.round(Number(row['_timestamp']) * 1000))).toEqual([...times])
      expect(result['losses']).toEqual(count(25).map((step) => ({ _step: step, loss: loss(step) })))
      expect(result['window']).toEqual([5, 6, 7, 8])
      expect(result['accs']).toEqual(count(5).map((index) => index * 5 * 0.1))
      expect(result['sampled']).toEqual([0, 5, 10, 15, 20, 1000])
      const pairs = [0, 10, 20].map((step) => ({ _step: step, acc: step * 0.1, 'nested.deep': step }))
      expect(result['pairs']).toEqual(pairs)
      expect(result['by']).toEqual(count(5).map((index) => ({ 'nested.deep': index * 5, acc: index * 5 * 0.1 })))
      for (const row of z.array(z.array(z.string())).parse(result['machine']))
        expect(row).toEqual(expect.arrayContaining(['_runtime', '_timestamp', '_wandb']))

      const printed = (await linesOf(tenant, 'one')).map(({ text }) => text)
      expect(printed.filter((text) => text.includes('alert'))).toEqual(['[alert WARN] low: the loss is low'])
      if (wandb.version === newest || result['printed']) {
        expect(result['printed']).toContainEqual(['[alert WARN] low: the loss is low', 'error'])
        expect(
          z
            .array(z.array(z.string()))
            .parse(result['printed'])
            .map(([text]) => text),
        ).toEqual(printed)
        expect(result['tail']).toEqual(printed.slice(-1))
      }

      const files = await client(tenant).files.list.query(at(tenant, 'one'))
      const paths = files.map(({ path }) => path)
      expect(result['files']).toEqual([...paths, 'more.txt'].sort())
      expect(result['left']).toEqual(paths)
      expect(result).toMatchObject({
        uploaded: ['more.txt', 'uploaded later'.length],
        notes: 'kept by one',
        restored: 'uploaded later',
        missing: expect.stringContaining('none.txt'),
      })

      const changed = { lr: 0.5, added: [1, { a: null }] }
      expect(result['again']).toEqual({ config: changed, tags: ['a', 'b', 'c'], name: 'renamed', best: 0.25 })
      const run = await runOf(tenant, 'one')
      expect(run).toMatchObject({ displayName: 'renamed', notes: 'changed', group: 'g2', state: 'finished' })
      expect(run.config).toEqual(changed)
      expect(run.summary).toMatchObject({ loss: 1 / 25, late: 7, best: 0.25 })
      expect(result['remaining']).toEqual(['three', 'one'])
      expect(result['made_by_two'], 'an artifact, before and after its run').toEqual([true, false])
      await expect(runOf(tenant, 'two')).rejects.toThrow('there is no')
      // A client goes on with a run that came by no lines of one, and keeps what it has.
      expect([...(await points(tenant, 'three', 'more')).steps]).toEqual([6])
      expect([...(await points(tenant, 'three', 'late')).steps]).toEqual([5])
      const directory = await mkdtemp(join(tmpdir(), 'kiroku-wandb-pulled-'))
      const path = ['-p', project, '-e', organization, 'one']
      await succeeded(wandb.command(['pull', ...path], { ...tenant, directory }))
      expect(await readFile(join(directory, 'notes.txt'), 'utf8')).toBe('kept by one')
      const again = await succeeded(wandb.command(['pull', ...path], { ...tenant, directory }))
      expect(again.output).toContain('File notes.txt is up to date')
      await succeeded(wandb.command(['restore', '--no-git', ...path], { ...tenant, directory }))
      const projects = await client(tenant).projects.list.query({ organization })
      expect(projects.map(({ name }) => name).sort()).toEqual(['made', project])
    },
  },
]
