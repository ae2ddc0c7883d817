import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { routes } from '@kiroku/core/routes'
import type { Run } from '@kiroku/core/runs'
import { expect } from 'vitest'
import * as z from 'zod'
import { batchOf, type Caller, client, fetchFile, postBatch, readPoints, testRun } from '../../src/testing/index.ts'
import type { Outcome, WandbClient } from './client.ts'

export type Tenant = Caller & { organization: string }

/** What a real client is made to do, and what is there then. */
export type Check = (wandb: WandbClient, tenant: Tenant) => Promise<void>

const project = 'wandb'
const at = ({ organization }: Tenant, run: string) => ({ organization, project, run })
const runOf = (tenant: Tenant, run: string): Promise<Run> => client(tenant).runs.byId.query(at(tenant, run))
const points = (tenant: Tenant, run: string, metric: string, stream: 'history' | 'system' = 'history') =>
  readPoints(tenant, { ...at(tenant, run), metric, stream })
const textsOf = async (tenant: Tenant, run: string, metric: string) =>
  (await client(tenant).texts.byRun.query({ ...at(tenant, run), metric })).map(({ step, value }) => [step, value])
const linesOf = async (tenant: Tenant, run: string) => (await client(tenant).console.byRun.query(at(tenant, run))).lines

async function succeeded(
  running: Promise<Outcome>,
): Promise<{ id: string; result: Record<string, unknown>; output: string }> {
  const { code, output, result } = await running
  expect(code, output).toBe(0)
  return { id: String(result['id'] ?? ''), result, output }
}

const runSchema = z.object({ project: z.object({ run: z.object({ id: z.string() }) }) })

async function ask({ url, apiKey }: Tenant, query: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return z.object({ data: z.unknown() }).parse(await answer.json()).data
}

const count = (length: number): number[] => Array.from({ length }, (_, index) => index)

/** What a release cannot do, and why not. */
export const impossible: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '0.18.7': { 'shares a run among processes': 'this release does not tell which of several processes sends' },
}

/** Each by what it shows. */
export const checks: Readonly<Record<string, Check>> = {
  async 'logs numbers, config, labels and its end'(wandb, tenant) {
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

  async 'binds metrics to batch and epoch'(wandb, tenant) {
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
    expect(summary).toMatchObject({ 'val/acc': { max: 0.9 }, 'train/loss': { min: -1, max: 10, mean: 4.5, last: -1 } })
    expect(summary).not.toHaveProperty('quiet')
    expect([...(await points(tenant, id, 'epoch')).values]).toEqual(expect.arrayContaining([0, 1, 2]))
  },

  async 'goes on with a run, begins it anew, and refuses to'(wandb, tenant) {
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

  async prints(wandb, tenant) {
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

  async 'saves files and media'(wandb, tenant) {
    const { id } = await succeeded(wandb.run('files.py', tenant))
    const files = await client(tenant).files.list.query(at(tenant, id))
    const paths = files.map(({ path }) => path)
    for (const path of ['requirements.txt', 'wandb-metadata.json', 'config.yaml', 'wandb-summary.json', 'empty.bin'])
      expect(paths).toContain(path)
    expect(await (await fetchFile(tenant, { ...at(tenant, id), path: 'deep/notes with space.txt' })).text()).toBe(
      'saved by hand',
    )
    const code = paths.find((path) => path.startsWith('code/'))
    const source = await readFile(new URL('scripts/files.py', import.meta.url), 'utf8')
    expect(await (await fetchFile(tenant, { ...at(tenant, id), path: code ?? '' })).text()).toBe(source)
    const run = await runOf(tenant, id)
    expect(run.host).toMatchObject({ cpuCount: expect.any(Number), os: expect.stringContaining('Linux') })
    const [[, picture] = []] = await textsOf(tenant, id, 'picture')
    expect(picture).toMatchObject({ _type: 'image-file', format: 'png', width: 6, height: 4, caption: 'a picture' })
    const [[, pictures] = []] = await textsOf(tenant, id, 'pictures')
    expect(pictures).toMatchObject({ _type: 'images', images: count(3).map((n) => ({ caption: `n${n}`, width: 6 })) })
    const [[, spread] = []] = await textsOf(tenant, id, 'spread')
    expect(spread).toMatchObject({ _type: 'histogram' })
    const [[, rows] = []] = await textsOf(tenant, id, 'rows')
    expect(rows).toMatchObject({ _type: 'table-file', columns: ['word', 'count'], rows: 2 })
    for (const media of [picture, rows]) {
      const path = typeof media === 'object' && media !== null && 'path' in media ? String(media.path) : ''
      const answer = await fetchFile(tenant, { ...at(tenant, id), path })
      expect(answer.status).toBe(200)
      if (media === rows)
        expect(await answer.json()).toEqual({
          columns: ['word', 'count'],
          data: [
            ['one', 1],
            ['none', { $n: 'NaN' }],
          ],
        })
    }
    expect(await textsOf(tenant, id, 'page')).toMatchObject([[4, { _type: 'html-file' }]])
    expect(run.summary).toMatchObject({ loss: 2, rows: { _type: 'table-file', rows: 2 } })
  },

  async 'signs in by its command, with a key that is valid'(wandb, tenant) {
    const login = (key: string) =>
      wandb.command(['login', '--verify', '--relogin', '--host', tenant.url, key], {
        ...tenant,
        env: { WANDB_API_KEY: '', WANDB_BASE_URL: '' },
      })
    await succeeded(login(tenant.apiKey))
    expect((await login(`kiroku-${'x'.repeat(40)}`)).code).not.toBe(0)
    const { output } = await succeeded(wandb.command(['status'], tenant))
    expect(output).toContain(tenant.url)
  },

  async fails(wandb, tenant) {
    const { code, result } = await wandb.run('fails.py', tenant)
    expect(code).toBe(1)
    expect(await runOf(tenant, String(result['id']))).toMatchObject({
      state: 'failed',
      exitCode: 1,
      summary: { loss: 1 },
    })
  },

  async 'logs offline, and sends it later, as often as one likes'(wandb, tenant) {
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

  async 'ends a script that is asked to stop'(wandb, tenant) {
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

  async 'shares a run among processes'(wandb, tenant) {
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

  async 'keeps artifacts, gives them back and tells who made and used them'(wandb, tenant) {
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
    expect(result['collection_aliases']).toEqual(['chosen', 'latest', 'raw'])
    expect(result['drafted']).toEqual(['v2', ['deep/labels with space.txt', 'more.txt', 'train.bin']])
    // Older releases tell the number that a linked version was made under.
    expect(result['link']).toBe(wandb.version === '0.31.0' ? 'v0' : 'v2')
    expect(result['incremental']).toEqual(['v3', ['added.txt', 'deep/labels with space.txt', 'more.txt', 'train.bin']])
    expect(result['kept']).not.toBe(false)
    expect(result['after']).toEqual(['v3', 'v2', 'v1'])

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
    const { files } = await client(tenant).artifacts.files.query({ ...address, name: code?.name ?? '', version: 'v0' })
    expect(files.map(({ path }) => path)).toEqual(['artifacts.py'])
    // The large file is stored once, whatever versions have it.
    const { storedFileBytes } = await client(tenant).usage.byOrganization.query({ organization: tenant.organization })
    expect(storedFileBytes).toBeLessThan(450_000)
    expect((await textsOf(tenant, maker, 'table'))[0]?.[1]).toMatchObject({ _type: 'table-file', rows: 2 })
  },

  async 'branches off and goes back'(wandb, tenant) {
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

  async 'reads runs back, changes and deletes them'(wandb, tenant) {
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
    if (result['printed']) {
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
    await expect(runOf(tenant, 'two')).rejects.toThrow('there is no')
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
}
