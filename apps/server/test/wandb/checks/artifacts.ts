import { routes } from '@kiroku/core/routes'
import { expect } from 'vitest'
import * as z from 'zod'
import { client } from '../../../src/testing/index.ts'
import { newest, oldest } from '../releases.ts'
import { at, type Check, project, succeeded, textsOf } from './check.ts'

/** Versions of artifacts. */
export const artifactChecks: readonly Check[] = [
  {
    name: 'keeps artifacts, gives them back and tells who made and used them',
    proves: [
      'artifact.log',
      'artifact.use',
      'artifact.change',
      'artifact.lineage',
      'artifact.list',
      'artifact.delete',
      'artifact.references',
      'artifact.table',
      'artifact.model',
      'artifact.link',
      'artifact.draft',
      'artifact.incremental',
      'log_code',
      'cli.artifact',
    ],
    async run(wandb, tenant) {
      const { result } = await succeeded(wandb.run('artifacts.py', tenant))
      const { maker, user } = { maker: String(result['maker']), user: String(result['user']) }
      expect(result).toMatchObject({ first: 'v0', again: 'v0', second: 'v1', second_aliases: ['clean', 'latest'] })
      expect(result).toMatchObject({ used: 'v1', used_type: 'dataset', metadata_rows: 3, same: true })
      expect(result).toMatchObject({ raw: 'v0', raw_same: true, entry_same: true, sizes: [300_000], model_same: true })
      expect(result['listed']).toEqual(['deep/labels with space.txt', 'empty.bin', 'train.bin'])
      expect(result['table']).toEqual([['picture', 'label'], 1, 'black'])
      expect(result['refs']).toEqual(['hdfs://bucket/key', 'http://example.invalid/data.csv'])
      expect(result['changed']).toEqual(['v1', 'better', 4, ['chosen', 'latest']])
      expect(result).toMatchObject({
        size: 300_007,
        file_count: 3,
        made_by: maker,
        used_by: [user],
        exists: [true, false],
      })
      // Releases up to 0.18 make a job of each run besides.
      expect(result['types']).toEqual(expect.arrayContaining(['code', 'dataset', 'model', 'predictions', 'run_table']))
      expect(result).toMatchObject({ collections: ['numbers', 'pointers'], versions: ['v1', 'v0'] })
      if (wandb.version === newest || result['of_project'])
        expect(result['of_project']).toEqual(expect.arrayContaining(['boxed', 'net', 'numbers', 'pointers']))
      expect(result['collection_aliases']).toEqual(['chosen', 'latest', 'raw'])
      expect(result['drafted']).toEqual(['v2', ['deep/labels with space.txt', 'more.txt', 'train.bin']])
      // Older releases tell the number that a linked version was made under.
      expect(result['link']).toBe(wandb.version === newest ? 'v0' : 'v2')
      expect(result['incremental']).toEqual([
        'v3',
        ['added.txt', 'deep/labels with space.txt', 'more.txt', 'train.bin'],
      ])
      expect(result['kept']).not.toBe(false)
      expect(result['after']).toEqual(['v3', 'v2', 'v1'])

      expect(result).toMatchObject({ put: ['v0', 'put by hand', ['hand', 'latest'], 'cli_put'], got: true })
      const [everything, reports] = z.array(z.array(z.string())).parse(result['ls'])
      expect(everything).toEqual(expect.arrayContaining(['commanded:v0', 'numbers:v3', 'net:v0']))
      expect(reports).toEqual(['commanded:v0'])
      expect(result['ls_line'], 'type, time, size and name').toEqual(
        expect.arrayContaining(['report', expect.stringMatching(/^20\d\d-/), '300.0KB', 'commanded:v0']),
      )

      const named = (all: readonly { name: string; version: number }[]) =>
        all.map((each) => `${each.name}:v${each.version}`)
      const made = await client(tenant).artifacts.byRun.query(at(tenant, maker))
      expect(named(made.outputs)).toEqual(
        expect.arrayContaining(['numbers:v1', 'pointers:v0', 'boxed:v0', 'net:v0', `run-${maker}-table:v0`]),
      )
      expect(made.outputs.find(({ name }) => name === 'boxed')?.usedBy.map(({ run }) => run)).toEqual([user])
      const taken = await client(tenant).artifacts.byRun.query(at(tenant, user))
      expect(named(taken.inputs)).toEqual(expect.arrayContaining(['numbers:v1', 'boxed:v0', 'net:v0', 'pointers:v0']))
      expect(taken.inputs.find(({ name }) => name === 'net')?.createdBy?.run).toBe(maker)
      const address = { organization: tenant.organization, project, name: 'numbers', version: 'chosen' }
      const detail = await client(tenant).artifacts.byVersion.query(address)
      expect(result['model_link']).toBe('model')
      expect(detail).toMatchObject({ version: 1, description: 'better', metadata: { rows: 4 } })
      const linked = await client(tenant).artifacts.byVersion.query({ ...address, name: 'portfolio', version: 'prod' })
      expect(linked).toMatchObject({ name: 'portfolio', version: 0, fileCount: 3 })
      const query = new URLSearchParams({ ...address, path: 'deep/labels with space.txt' })
      const headers = { authorization: `Bearer ${tenant.apiKey}` }
      expect(await (await fetch(`${tenant.url}${routes.artifactFiles}?${query}`, { headers })).text()).toBe('changed')
      const code = made.outputs.find(({ type }) => type === 'code')
      const { files } = await client(tenant).artifacts.files.query({
        ...address,
        name: code?.name ?? '',
        version: 'v0',
      })
      expect(files.map(({ path }) => path)).toEqual(['artifacts.py'])
      // The large file is stored once, whatever versions have it.
      const { storedFileBytes } = await client(tenant).usage.byOrganization.query({ organization: tenant.organization })
      expect(storedFileBytes).toBeLessThan(450_000)
      expect((await textsOf(tenant, maker, 'table'))[0]?.[1]).toMatchObject({ _type: 'table-file', rows: 2 })
    },
  },

  {
    name: 'makes an artifact by several processes together',
    proves: ['artifact.distributed'],
    releases: [newest, oldest],
    async run(wandb, tenant) {
      const go = (step: string, part: string) => wandb.run('distributed.py', { ...tenant, args: [step, part] })
      const parts = await Promise.all([succeeded(go('upsert', '1')), succeeded(go('upsert', '2'))])
      expect(parts.map(({ result }) => result['is_there'])).toEqual([false, false])
      const { result } = await succeeded(go('finish', '3'))
      expect(result).toMatchObject({ version: 'v0', metadata: { rows: 3 } })
      expect(result['contents']).toEqual({
        'part-1.txt': 'part 1\n',
        'part-2.txt': 'part 2\n',
        'part-3.txt': 'part 3\n',
        'shared.txt': 'the sam',
      })
    },
  },
]
