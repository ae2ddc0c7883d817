import { routes } from '@kiroku/core/routes'
import { sqlAnswerSchema } from '@kiroku/core/sql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  rawRequest,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }
let first: TestRun

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
  const config = { lr: 0.1, model: { depth: 3 }, 'a.b': 'flat', limit: { $n: 'Infinity' } }
  first = await testRun(caller, { group: 'g', tags: ['t'], config })
  const second = await testRun(caller, { config: { lr: 0.01, model: 'none' } })
  const deleted = await testRun(caller, { config: { gone: 1 } })
  const rows = [0, 1, 2].map((step) => ({ step, values: { 'val/loss': 3 - step } }))
  for (const run of [first, second, deleted]) await postBatch(caller, batchOf(run, { rows }))
  await client(caller).runs.delete.mutate({ organization: caller.organization, project: 'demo', run: deleted.run })
})
afterAll(() => server.close())

const post = (body: unknown, apiKey = caller.apiKey) =>
  rawRequest(caller.url + routes.sql, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const ask = (query: string, project = 'demo') => post({ organization: caller.organization, project, query })
const rowsOf = async (query: string) => {
  const { status, text } = await ask(query)
  expect({ status, text: status === 200 ? '' : text }).toEqual({ status: 200, text: '' })
  return sqlAnswerSchema.parse(JSON.parse(text)).rows
}

describe('a query', () => {
  it('may need so much of all runs, and is told to name what it is about', async () => {
    const config = { lr: 0.5, prompt: 'x'.repeat(13_000_000) }
    for (let run = 0; run < 5; run++) await testRun(caller, { project: 'heavy', config })
    const refused = await ask('SELECT max(length(config)) FROM runs', 'heavy')
    expect({ status: refused.status, message: JSON.parse(refused.text).message }).toEqual({
      status: 413,
      message: expect.stringMatching(
        /^the query needs 66 MB of the project's runs, and may need 64 MB: name the entries/,
      ),
    })
    const answer = await ask('SELECT count(), max(config.lr) FROM runs', 'heavy')
    expect(sqlAnswerSchema.parse(JSON.parse(answer.text)).rows).toEqual([['5', 0.5]])
  })

  it('joins points of ClickHouse with runs of PostgreSQL, but for deleted ones', async () => {
    const rows = await rowsOf(`SELECT r.run, r.config.lr, min(p.value), any(r.summary."val/loss")
      FROM runs r JOIN points p ON p.run = r.run WHERE p.metric = 'val/loss' GROUP BY ALL ORDER BY 2 DESC`)
    expect(rows).toEqual([
      [first.run, 0.1, 1, 1],
      [expect.any(String), 0.01, 1, 1],
    ])
    expect(await rowsOf('SELECT count(DISTINCT run) FROM points')).toEqual([['2']])
  })

  it('reads entries of a config, nested, with dots in their names, non-finite or of several kinds', async () => {
    expect(
      await rowsOf(`SELECT config.model.depth, config.a.b, config.limit, config.model FROM runs WHERE group = 'g'`),
    ).toEqual([[3, 'flat', { $n: 'Infinity' }, '{"depth":3}']])
  })

  it('shows all of a run', async () => {
    const [row] = await rowsOf(
      `SELECT name, state, tags, config, summary, last_step, job_type FROM runs WHERE run = '${first.run}'`,
    )
    expect(row?.slice(1, 3)).toEqual(['running', ['t']])
    expect(JSON.parse(String(row?.[3]))).toMatchObject({ lr: 0.1, model: { depth: 3 } })
    expect(JSON.parse(String(row?.[4]))).toEqual({ 'val/loss': 1 })
    expect(row?.slice(5)).toEqual(['2', null])
  })

  it('that is wrong is told so in one line, with the place', async () => {
    const { status, text } = await ask('SELECT vlaue FROM points')
    expect(status).toBe(400)
    expect(JSON.parse(text)).toMatchObject({
      code: 'BAD_REQUEST',
      message: 'Unknown expression identifier `vlaue`; did you mean value?',
      details: { from: 7, to: 12 },
    })
  })

  it.each([
    [{ query: '' }, /a query must not be empty/],
    [{ query: 1 }, /query: .*expected string/],
    [{ query: 'x'.repeat(70_000) }, /at most 65536 characters/],
    [{ query: 'SELECT 1', organization: '' }, /organization/],
  ])('that is none is refused', async (input, message) => {
    const { status, text } = await post({ organization: caller.organization, project: 'demo', ...input })
    expect({ status, message: JSON.parse(text).message }).toEqual({
      status: 400,
      message: expect.stringMatching(message),
    })
  })

  it('finds no project that there is not', async () => {
    expect((await ask('SELECT 1', 'nowhere')).status).toBe(404)
  })
})

describe('sql.entries', () => {
  const entries = (project: string) => client(caller).sql.entries.query({ organization: caller.organization, project })

  it('names what config and summary have, and their types', async () => {
    expect((await entries('demo')).entries).toEqual([
      { name: 'config.a.b', type: 'Nullable(String)' },
      { name: 'config.limit', type: 'Nullable(Float64)' },
      { name: 'config.lr', type: 'Nullable(Float64)' },
      { name: 'config.model', type: 'Nullable(String)' },
      { name: 'config.model.depth', type: 'Nullable(Float64)' },
      { name: 'summary.val/loss', type: 'Nullable(Float64)' },
    ])
  })

  it('refuses what is no project, and finds none that there is not', async () => {
    await expect(entries('a/b')).rejects.toMatchObject({ data: { error: { code: 'BAD_REQUEST' } } })
    await expect(entries('nowhere')).rejects.toMatchObject({ data: { error: { code: 'NOT_FOUND' } } })
  })
})
