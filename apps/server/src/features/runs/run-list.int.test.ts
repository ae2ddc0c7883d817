import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { matchesFilter, sortRunsBy } from '@kiroku/core/run-filter-rules'
import type { FilterValue, RunFilter, RunOrder } from '@kiroku/core/run-filters'
import { type RunPath, runFields } from '@kiroku/core/run-paths'
import type { Run } from '@kiroku/core/runs'
import { toWireNumber, toWireRecord, type Value } from '@kiroku/core/values'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../database/database.ts'
import { type Engines, openEngines } from '../../engines/index.ts'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'
import { createRunChunksRepository, type RunChunksRepository } from './run-chunks.repository.ts'

let directory: string
let engines: Engines
let database: Database
let sql: pg.Client
let server: TestServer
let chunks: RunChunksRepository

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  engines = await openEngines({ dataDir: join(directory, 'postgres') })
  server = await testServer({ databaseUrl: engines.databaseUrl })
  database = await openDatabase(engines.databaseUrl)
  chunks = createRunChunksRepository(database)
  sql = new pg.Client({ connectionString: engines.databaseUrl })
  await sql.connect()
})
afterAll(async () => {
  await sql.end()
  await database.close()
  await server.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

type Tenant = Caller & { organization: string }
type ListInput = { filter?: RunFilter; order?: RunOrder[]; limit?: number }

const pageOf = (caller: Tenant, input: object) =>
  client(caller).runs.list.query({ organization: caller.organization, project: 'demo', limit: 1000, ...input })

/** All runs of a list, over as many pages as there are. */
async function allOf(caller: Tenant, input: ListInput): Promise<{ runs: Run[]; totals: Set<number> }> {
  const runs: Run[] = []
  const totals = new Set<number>()
  let cursor: string | null | undefined
  do {
    const page: Awaited<ReturnType<typeof pageOf>> = await pageOf(caller, { ...input, ...(cursor && { cursor }) })
    runs.push(...page.runs)
    totals.add(page.total)
    cursor = page.nextCursor
  } while (cursor !== null)
  return { runs, totals }
}

async function projectIdOf(caller: Tenant): Promise<string> {
  const { rows } = await sql.query(
    `SELECT p.id FROM project p JOIN organization o ON o.id = p.organization_id WHERE o.slug = $1 AND p.name = 'demo'`,
    [caller.organization],
  )
  return String(rows[0]?.id)
}

const limits = { runs: 30, bytes: 1e9, maxRunBytes: 1e6 }
const countOf = async (table: string, projectId: string): Promise<number> => {
  const { rows } = await sql.query(`SELECT count(*)::int AS count FROM ${table} WHERE project_id = $1`, [projectId])
  return Number(rows[0]?.count)
}

const letters = ['a', 'A', 'b', 'é', 'É', '1', '2', ' ', '.', "'", '"', '\\', ',', '😀', '\uffee']
const texts = fc.string({ unit: fc.constantFrom(...letters), maxLength: 4 })
const numbers = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 1.7976931348623157e308, 0.1),
  fc.double(),
)
const scalars = fc.oneof(
  { weight: 4, arbitrary: numbers },
  { weight: 3, arbitrary: texts },
  fc.boolean(),
  fc.constant(null),
)
const lists = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), texts, fc.boolean(), fc.constant(Number.NaN)), {
  maxLength: 3,
})
const keys = ['a', 'b', 'a.b', 'b.a', '$x', "it's", 'say "é"', '😀', 'a.$x', '__proto__x']
const values: fc.Arbitrary<Value> = fc.oneof({ weight: 6, arbitrary: scalars }, lists)
const records: fc.Arbitrary<Record<string, Value>> = fc.dictionary(
  fc.constantFrom(...keys),
  fc.oneof(
    { weight: 4, arbitrary: values },
    fc.dictionary(fc.constantFrom('a', 'b', '$x', 'a.b'), values, { maxKeys: 3 }),
  ),
  { maxKeys: 6 },
)
const paths: fc.Arbitrary<RunPath> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('config', 'summary'), fc.constantFrom(...keys, 'a.a', 'none'))
      .map(([source, key]): RunPath => (source === 'config' ? `config.${key}` : `summary.${key}`)),
  },
  fc.constantFrom(...runFields),
)
const wanted: fc.Arbitrary<FilterValue> = fc.oneof(
  numbers.map(toWireNumber),
  texts,
  fc.boolean(),
  fc.constantFrom(null, 'running', 'finished', 'g1', 't1'),
)
const ordered = fc.oneof(numbers.filter((number) => !Number.isNaN(number)).map(toWireNumber), texts)
const patterns = fc.constantFrom(
  '^a',
  'b$',
  '[0-9]+',
  'a|é',
  '(?:1|2)(?P<n>b)?',
  '\\d',
  '^$',
  '[^a]',
  '\\.',
  '(?i)É',
  '\\x61',
  '[\\]"]',
)
const { filter: filters } = fc.letrec<{ filter: RunFilter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ op: fc.constantFrom('eq' as const, 'ne' as const), path: paths, value: wanted }),
    fc.record({
      op: fc.constantFrom('lt' as const, 'lte' as const, 'gt' as const, 'gte' as const),
      path: paths,
      value: ordered,
    }),
    fc.record({
      op: fc.constantFrom('in' as const, 'notIn' as const),
      path: paths,
      values: fc.array(wanted, { maxLength: 3 }),
    }),
    fc.record({ op: fc.constant('exists' as const), path: paths }),
    fc.record({ op: fc.constant('regex' as const), path: paths, pattern: patterns }),
    fc.record({ op: fc.constant('contains' as const), path: paths, text: texts.filter((text) => text !== '') }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { maxLength: 3 }),
    }),
    fc.record({ op: fc.constant('not' as const), filter: tie('filter') }),
  ),
}))
const orders = fc.array(fc.record({ path: paths, direction: fc.constantFrom('asc' as const, 'desc' as const) }), {
  maxLength: 3,
})

/** JavaScript's regular expressions stand for those of RE2, whose flags and names they write otherwise. */
const inJavaScript = (pattern: string): string => pattern.replace('(?i)É', '[éÉ]').replace('?P<', '?<')
function forRules(filter: RunFilter): RunFilter {
  if (filter.op === 'and' || filter.op === 'or') return { ...filter, filters: filter.filters.map(forRules) }
  if (filter.op === 'not') return { ...filter, filter: forRules(filter.filter) }
  return filter.op === 'regex' ? { ...filter, pattern: inJavaScript(filter.pattern) } : filter
}

async function randomRuns(caller: Tenant, count: number): Promise<void> {
  const made = fc.sample(
    fc.record({
      config: records,
      summary: records,
      tags: fc.uniqueArray(fc.constantFrom('t1', 't2', 'a"b', ',', 'é'), { maxLength: 3 }),
      group: fc.constantFrom(null, 'g1', 'G2'),
      displayName: texts.filter((text) => text !== ''),
      isFinished: fc.integer({ min: 0, max: 4 }).map((number) => number > 0),
      host: fc.constantFrom({}, { hostname: 'box-1' }),
      startedAt: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_009_999 }),
    }),
    { numRuns: count, seed: 7 },
  )
  const make = async ({ config, summary, isFinished, ...labels }: (typeof made)[number]): Promise<void> => {
    const run = await testRun(caller, { ...labels, config: toWireRecord(config) })
    await client(caller).runs.update.mutate({ ...address(caller, run.run), summary: { set: toWireRecord(summary) } })
    const end = { type: 'finish', state: 'finished', exitCode: 0, time: labels.startedAt + 5000 } as const
    if (isFinished) await postBatch(caller, batchOf(run, { updates: [end] }))
  }
  for (let from = 0; from < made.length; from += 10) await Promise.all(made.slice(from, from + 10).map(make))
}

/** Gathers runs in a chunk; the server looks for its own at times, and only one does at once. */
const gather = (projectId: string, chunk = limits): Promise<void> =>
  expect.poll(() => chunks.gather(projectId, chunk)).toBe(true)

const address = (caller: Tenant, run: string) => ({ organization: caller.organization, project: 'demo', run })

describe('filters and orders', () => {
  it('are what their rules say, over runs in chunks, out of them and changed since, page by page', async () => {
    const caller = await testOrganization(server)
    await randomRuns(caller, 110)
    const projectId = await projectIdOf(caller)
    for (let count = 0; count < 2; count++) await gather(projectId)
    expect(await countOf('run_chunk', projectId)).toBe(2)
    const { rows } = await sql.query(
      'SELECT slug FROM run WHERE chunk_id IS NOT NULL AND project_id = $1 ORDER BY slug LIMIT 8',
      [projectId],
    )
    const [deleted = '', restored = '', ...changed] = rows.map((row) => String(row.slug))
    const api = client(caller)
    await api.runs.delete.mutate(address(caller, deleted))
    await api.runs.delete.mutate(address(caller, restored))
    await api.runs.restore.mutate(address(caller, restored))
    for (const run of changed)
      await api.runs.update.mutate({
        ...address(caller, run),
        set: { tags: ['t1', run] },
        config: { set: { a: 1 }, unset: ['b'] },
      })
    const { runs } = await allOf(caller, {})
    expect(runs).toHaveLength(109)
    await fc.assert(
      fc.asyncProperty(filters, orders, fc.integer({ min: 40, max: 80 }), async (filter, order, limit) => {
        const found = await allOf(caller, { filter, order, limit })
        const expected = sortRunsBy(
          runs.filter((run) => matchesFilter(run, forRules(filter))),
          order,
        )
        expect(found.runs.map(({ slug }) => slug)).toEqual(expected.map(({ slug }) => slug))
        expect([...found.totals]).toEqual([expected.length])
      }),
      { numRuns: 150 },
    )
  }, 180_000)

  it('of a chunk that most runs left go on without it', async () => {
    const caller = await testOrganization(server)
    await randomRuns(caller, 45)
    const projectId = await projectIdOf(caller)
    await gather(projectId)
    const before = await allOf(caller, { order: [{ path: 'summary.a', direction: 'asc' }] })
    expect(await chunks.dissolve()).toBe(false)
    const { rows } = await sql.query('SELECT slug FROM run WHERE chunk_id IS NOT NULL AND project_id = $1 LIMIT 20', [
      projectId,
    ])
    for (const { slug } of rows)
      await client(caller).runs.update.mutate({ ...address(caller, String(slug)), set: { notes: 'x' } })
    const countAfterwards = async (): Promise<number> => {
      await chunks.dissolve()
      return countOf('run_chunk', projectId)
    }
    await expect.poll(countAfterwards).toBe(0)
    const after = await allOf(caller, { order: [{ path: 'summary.a', direction: 'asc' }] })
    expect(after.runs.map(({ slug }) => slug)).toEqual(before.runs.map(({ slug }) => slug))
    expect((await pageOf(caller, { filter: { op: 'eq', path: 'notes', value: 'x' } })).total).toBe(20)
  })

  it('have nothing left of a run that was deleted a day ago', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller, { config: { secret: 'of-a-deleted-run' } })
    await randomRuns(caller, 40)
    const end = { type: 'finish', state: 'finished', exitCode: 0, time: 0 } as const
    await postBatch(caller, batchOf(run, { updates: [end] }))
    await gather(await projectIdOf(caller))
    const kept = async () =>
      Number(
        (await sql.query(`SELECT count(*) FROM run_column WHERE texts::text LIKE '%of-a-deleted-run%'`)).rows[0]?.count,
      )
    expect(await kept()).toBe(1)
    await client(caller).runs.delete.mutate(address(caller, run.run))
    expect(await chunks.dissolve()).toBe(false)
    await sql.query(
      `UPDATE run_chunk_gap SET left_at = left_at - interval '25 hours' WHERE run_id = (SELECT id FROM run WHERE slug = $1)`,
      [run.run],
    )
    const keptAfterwards = async (): Promise<number> => {
      await chunks.dissolve()
      return kept()
    }
    await expect.poll(keptAfterwards).toBe(0)
  })

  it('answer only the wanted columns of config and summary', async () => {
    const caller = await testOrganization(server)
    const config = { lr: 1, model: { depth: 2, width: 3 }, $$own: 4, rest: { $n: 'NaN' } }
    const run = await testRun(caller, { config })
    await client(caller).runs.update.mutate({
      ...address(caller, run.run),
      summary: { set: { 'val.loss': 5, other: 6 } },
    })
    const columns = ['config.model.depth', 'config.$own', 'config.rest', 'config.none', 'summary.val.loss', 'state']
    expect((await pageOf(caller, { columns })).runs).toMatchObject([
      { slug: run.run, config: { 'model.depth': 2, $$own: 4, rest: { $n: 'NaN' } }, summary: { 'val.loss': 5 } },
    ])
    const [bare] = (await pageOf(caller, { columns: [] })).runs
    expect(bare).toMatchObject({ slug: run.run, config: {}, summary: {} })
    expect((await pageOf(caller, {})).runs[0]?.config).toEqual(config)
  })

  it('see a run that goes on after it was put in a chunk, and no run of another project or organization', async () => {
    const caller = await testOrganization(server)
    const [first, other] = [await testRun(caller, { config: { lr: 1 } }), await testOrganization(server)]
    await testRun(caller, { project: 'second', config: { lr: 1 } })
    await testRun(other, { config: { lr: 1 } })
    const end = { type: 'finish', state: 'finished', exitCode: 0, time: 0 } as const
    await postBatch(caller, batchOf(first, { rows: [{ step: 0, values: { loss: 1 } }], updates: [end] }))
    await gather(await projectIdOf(caller), { ...limits, runs: 1 })
    const hasLoss = (value: number) => pageOf(caller, { filter: { op: 'eq', path: 'summary.loss', value } })
    expect(await hasLoss(1)).toMatchObject({ total: 1, runs: [{ slug: first.run }] })
    const again = await testRun(caller, { run: first.run, resume: 'must' })
    await postBatch(caller, batchOf(again, { rows: [{ step: 1, values: { loss: 2 } }] }))
    expect(await hasLoss(1)).toMatchObject({ total: 0, runs: [] })
    expect(await hasLoss(2)).toMatchObject({ total: 1, runs: [{ slug: first.run, state: 'running' }] })
    const all = { filter: { op: 'eq', path: 'config.lr', value: 1 } } as const
    expect((await pageOf(caller, all)).total).toBe(1)
    await expect(
      client(other).runs.list.query({ organization: caller.organization, project: 'demo', ...all }),
    ).rejects.toMatchObject({ data: { error: { code: 'NOT_FOUND' } } })
  })

  it('are refused with the field that is wrong', async () => {
    const caller = await testOrganization(server)
    await testRun(caller)
    const refused = async (input: object, ...said: string[]) => {
      const failure = await pageOf(caller, input).then(
        () => null,
        (error: unknown) => error,
      )
      expect(failure).toMatchObject({ data: { error: { code: 'BAD_REQUEST' } } })
      for (const part of said) expect(String(failure)).toContain(part)
    }
    const deep = (depth: number): object =>
      depth === 0 ? { op: 'exists', path: 'slug' } : { op: 'not', filter: deep(depth - 1) }
    await refused({ filter: { op: 'eq', path: 'nothing', value: 1 } }, 'filter.path', '"nothing" is no path')
    await refused({ filter: { op: 'and', filters: [{ op: 'exists', path: 'config.' }] } }, 'filter.filters.0.path')
    await refused({ filter: { op: 'is', path: 'slug', value: 1 } }, 'filter.op')
    await refused({ filter: { op: 'lt', path: 'config.a', value: { $n: 'NaN' } } }, 'filter.value', 'use eq')
    await refused({ filter: { op: 'eq', path: 'config.a', value: [1] } }, 'filter.value', 'expected a number')
    await refused({ filter: { op: 'eq', path: 'config.a', value: '\0' } }, 'filter.value')
    await refused({ filter: { op: 'regex', path: 'slug', pattern: '\\p{L}' } }, 'filter.pattern', '\\p')
    await refused({ filter: { op: 'regex', path: 'slug', pattern: '(' } }, 'filter', 'pattern')
    await refused({ filter: deep(40) }, 'filter', '16 deep')
    await refused(
      { filter: { op: 'in', path: 'slug', values: Array.from({ length: 3000 }, () => 1) } },
      'filter',
      '2000',
    )
    await refused({ order: [{ path: 'config', direction: 'asc' }] }, 'order.0.path')
    await refused({ columns: ['lr'] }, 'columns.0')
    await refused({ order: [{ path: 'slug', direction: 'up' }] }, 'order.0.direction')
    await refused({ order: Array.from({ length: 5 }, () => ({ path: 'slug' })) }, 'order', '4')
    await testRun(caller)
    const order: RunOrder[] = [{ path: 'slug', direction: 'asc' }]
    const { nextCursor } = await pageOf(caller, { order, limit: 1 })
    expect(nextCursor).not.toBeNull()
    await refused({ order: [{ path: 'slug', direction: 'desc' }], cursor: nextCursor }, 'cursor')
    const forged = Buffer.from(JSON.stringify({ order: 'x', place: ['; DROP TABLE run'] })).toString('base64url')
    await refused({ order, cursor: forged }, 'cursor')
    const newest = String((await pageOf(caller, { limit: 1 })).nextCursor)
    const told = JSON.parse(Buffer.from(newest, 'base64url').toString())
    for (const createdAt of [1e300, { $n: 'Infinity' }, 'now', -1e15]) {
      const place = [createdAt, ...told.place.slice(1)]
      await refused({ cursor: Buffer.from(JSON.stringify({ ...told, place })).toString('base64url') }, 'cursor')
    }
  })
})
