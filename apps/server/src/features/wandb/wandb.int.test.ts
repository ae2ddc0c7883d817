import { gzipSync } from 'node:zlib'
import { newRunSlug } from '@kiroku/core/ids'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import {
  batchOf,
  type Caller,
  client,
  fetchFile,
  logArtifact,
  postBatch,
  readPoints,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  useArtifact,
} from '../../testing/index.ts'

type Tenant = Caller & { organization: string }

let server: TestServer
let tenant: Tenant
beforeAll(async () => {
  server = await testServer()
  tenant = await testOrganization(server)
})
afterAll(() => server.close())

const basic = (key: string): string => `Basic ${Buffer.from(`api:${key}`).toString('base64')}`
const answerSchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
})

async function graphql(
  query: string,
  variables?: object,
  { authorization = basic(tenant.apiKey), more = {} }: { authorization?: string; more?: object } = {},
) {
  const answer = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables, ...more }),
  })
  return { status: answer.status, headers: answer.headers, ...answerSchema.parse(await answer.json()) }
}

const upsert = `mutation UpsertBucket($input: UpsertBucketInput!) {
  upsertBucket(input: $input) {
    bucket { id name displayName config historyLineCount unknownField project { name entity { name } } }
    inserted
  }
}`
const bucketSchema = z.object({
  upsertBucket: z.object({
    bucket: z.object({ id: z.string(), name: z.string(), displayName: z.string(), historyLineCount: z.number() }),
    inserted: z.boolean(),
  }),
})
const begin = async (name: string, input: object = {}) => {
  const answer = await graphql(upsert, {
    input: { name, modelName: 'demo', host: 'here', program: undefined, ...input },
  })
  expect(answer.errors).toBeUndefined()
  return bucketSchema.parse(answer.data).upsertBucket
}
const config = (entries: object): string => JSON.stringify({ _wandb: { value: { t: {}, m: [] } }, ...entries })

function post(
  run: string,
  body: unknown,
  more: { caller?: Tenant; headers?: Record<string, string>; project?: string } = {},
) {
  const { caller = tenant, headers = {}, project = 'demo' } = more
  return fetch(`${server.url}/files/${tenant.organization}/${project}/${run}/file_stream`, {
    method: 'POST',
    headers: { authorization: basic(caller.apiKey), 'content-type': 'application/json', ...headers },
    body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body),
  })
}

const rows = (offset: number, ...values: number[]) => ({
  files: {
    'wandb-history.jsonl': {
      offset,
      content: values.map((loss, index) => JSON.stringify({ loss, _step: offset + index, _timestamp: 1.7e9 + index })),
    },
  },
})
const at = (run: string) => ({ organization: tenant.organization, project: 'demo', run })
const loss = async (run: string) => [...(await readPoints(tenant, { ...at(run), metric: 'loss' })).values]

describe('who asks', () => {
  it.each([
    ['Basic', () => basic(tenant.apiKey)],
    ['Bearer', () => `Bearer ${tenant.apiKey}`],
  ])('is told by a key as %s', async (_form, authorization) => {
    const { status, data } = await graphql('{ viewer { id entity flags } }', undefined, {
      authorization: authorization(),
    })
    expect(status).toBe(200)
    expect(data).toMatchObject({ viewer: { entity: tenant.organization, flags: '{}' } })
  })

  it.each(['Basic !!!', basic('kiroku-'.padEnd(47, 'x')), basic(''), 'Bearer nothing'])(
    'with %s is refused by the status and a GraphQL error',
    async (authorization) => {
      const { status, errors } = await graphql('{ viewer { id } }', undefined, { authorization })
      expect(status).toBe(401)
      expect(errors).toHaveLength(1)
    },
  )

  it('is not told by a session, nor by nothing', async () => {
    const session = await fetch(`${server.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiKey: tenant.apiKey }),
    })
    const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect(cookie).not.toBe('')
    for (const cookies of [{ cookie }, undefined]) {
      const answer = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { ...cookies, 'content-type': 'application/json' },
        body: '{"query":"{ viewer { id } }"}',
      })
      expect(answer.status).toBe(401)
    }
  })
})

describe('an operation', () => {
  it('may have an empty name, no variables, and ask for fields that there are not', async () => {
    const { status, data, errors } = await graphql(
      '#graphql\nquery { serverInfo { features { name isEnabled } news } }',
      undefined,
      {
        more: { operationName: '' },
      },
    )
    expect([status, errors]).toEqual([200, undefined])
    expect(data).toEqual({
      serverInfo: { features: expect.arrayContaining([{ name: 'FILESTREAM_GZIP', isEnabled: true }]) },
    })
  })

  it('that there is not is a GraphQL error', async () => {
    const { status, data, errors } = await graphql('mutation { launchRocket(input: {}) { id } }')
    expect(status).toBe(200)
    expect(data).toBeUndefined()
    expect(errors?.[0]?.message).toContain('launchRocket')
  })

  it.each([
    ['an unknown input field', upsert, { input: { name: 'x', rocket: 1 } }, 'rocket'],
    ['an unknown type', 'query($x: Rocket!) { viewer { id } }', { x: 1 }, 'Rocket'],
    ['no GraphQL', 'what?', undefined, 'Syntax Error'],
    ['a run id that cannot be', upsert, { input: { name: 'a b', modelName: 'demo' } }, 'run id'],
    ['a project that cannot be', upsert, { input: { name: 'x', modelName: 'a/b' } }, 'project name'],
    ['a config that is none', upsert, { input: { name: 'x', modelName: 'demo', config: '{' } }, 'JSON'],
  ])('with %s says so', async (_what, query, variables, expected) => {
    const { status, errors } = await graphql(query, variables)
    expect(status).toBe(200)
    expect(errors?.[0]?.message).toContain(expected)
  })

  it('tells older clients what there is', async () => {
    const { data } = await graphql('{ __type(name: "Mutation") { fields { name args { name } } } }')
    const { fields } = z.object({ fields: z.array(z.object({ name: z.string() })) }).parse(data?.['__type'])
    expect(fields.map(({ name }) => name)).toEqual(expect.arrayContaining(['upsertBucket', 'createRunFiles']))
  })

  it('for an entity that is not the caller’s is not found', async () => {
    const other = await testOrganization(server)
    const { status, errors } = await graphql(upsert, {
      input: { name: 'x', modelName: 'demo', entityName: other.organization },
    })
    expect(status).toBe(404)
    expect(errors?.[0]?.message).toContain(tenant.organization)
    expect((await graphql(`{ entity(name: "${other.organization}") { id } }`)).data).toEqual({ entity: null })
  })
})

describe('a run', () => {
  it('is made once, with a name of its own, however often it is said', async () => {
    const name = newRunSlug()
    const [one, two] = [await begin(name, { config: config({ lr: { value: 1 } }) }), await begin(name)]
    expect([one.inserted, two.inserted]).toEqual([true, false])
    expect(one.bucket.displayName).toMatch(/^[a-z]+-[a-z]+-\d+$/)
    expect(two.bucket).toEqual({ ...one.bucket })
    const many = newRunSlug()
    const answers = await Promise.all(Array.from({ length: 5 }, () => begin(many)))
    expect(new Set(answers.map(({ bucket }) => bucket.id)).size).toBe(1)
  })

  it('keeps what is null, and loses the config entries that its client dropped', async () => {
    const name = newRunSlug()
    await begin(name, { tags: ['a'], notes: 'n', config: config({ lr: { value: 1 }, old: { value: 2 } }) })
    await client(tenant).runs.update.mutate({ ...at(name), config: { set: { theirs: true } } })
    await begin(name, { config: '{"lr":{"value":NaN}}' })
    const run = await client(tenant).runs.byId.query(at(name))
    expect(run).toMatchObject({ tags: ['a'], notes: 'n' })
    expect(run.config).toEqual({ lr: { $n: 'NaN' }, theirs: true })
  })

  it('is changed by its id alone, which is no sign of its life', async () => {
    const name = newRunSlug()
    const { bucket } = await begin(name, { tags: ['a'], notes: 'n' })
    await post(name, { ...rows(0, 1), complete: true, exitcode: 0 })
    const input = { id: bucket.id, tags: [], displayName: 'new', summaryMetrics: '{"loss":1,"best":{"a":2}}' }
    expect((await graphql(upsert, { input })).data).toMatchObject({ upsertBucket: { bucket: { displayName: 'new' } } })
    const run = await client(tenant).runs.byId.query(at(name))
    expect(run).toMatchObject({ state: 'finished', tags: [], notes: 'n', summary: { loss: 1, 'best.a': 2 } })
    for (const id of ['nothing', Buffer.from('Run:1').toString('base64')])
      expect((await graphql(upsert, { input: { id, notes: 'x' } })).status).toBe(404)
  })

  it('takes no definition again that was not changed', async () => {
    const name = newRunSlug()
    const m = [{ '1': 'acc', '6': [3], '7': [2] }]
    const defined = JSON.stringify({ _wandb: { value: { t: {}, m } } })
    await begin(name, { config: defined })
    await client(tenant).runs.update.mutate({ ...at(name), summary: { set: { acc: 1 } } })
    await begin(name, { config: defined })
    const { definitions } = await client(tenant).metrics.byRun.query(at(name))
    expect(definitions).toMatchObject([{ name: 'acc' }])
    expect(definitions[0]?.summary ?? []).toEqual([])
  })

  it('is asked to stop by its id', async () => {
    const name = newRunSlug()
    const { bucket } = await begin(name)
    expect(await (await post(name, {})).json()).toMatchObject({ stopped: false })
    const stop = 'mutation($id: ID!) { stopRun(input: {id: $id}) { success } }'
    expect((await graphql(stop, { id: bucket.id })).data).toEqual({ stopRun: { success: true } })
    expect(await (await post(name, {})).json()).toMatchObject({ stopped: true })
    await post(name, { complete: true, exitcode: 255 })
    expect(await client(tenant).runs.byId.query(at(name))).toMatchObject({ state: 'killed', exitCode: 255 })
    const stranger = await testOrganization(server)
    expect((await graphql(stop, { id: bucket.id }, { authorization: basic(stranger.apiKey) })).status).toBe(404)
  })
})

describe('lines', () => {
  it('are there once when they come again, and go on where they were', async () => {
    const name = newRunSlug()
    await begin(name)
    expect((await post(name, rows(0, 1, 2))).status).toBe(200)
    expect((await post(name, rows(0, 1, 2))).status).toBe(200)
    await post(name, rows(2, 3))
    expect(await loss(name)).toEqual([1, 2, 3])
    const { metrics } = await client(tenant).metrics.byRun.query(at(name))
    expect(metrics).toMatchObject([{ name: 'loss', count: 3, max: 3 }])
  })

  /** Logs a picture at each step, and sends their files without a word after them, as a process does that is killed then. */
  const killedAfterPictures = async (name: string, steps: readonly number[]) => {
    const { bucket } = await begin(name)
    const content = steps.map((step) => {
      const pics = { _type: 'images/separated', width: 2, height: 3, format: 'png', filenames: [`media/${step}.png`] }
      return JSON.stringify({ pics, _step: step, _timestamp: 1.7e9 })
    })
    await post(name, { files: { 'wandb-history.jsonl': { offset: 0, content } } })
    const headers = { authorization: basic(tenant.apiKey) }
    for (const step of steps) {
      const url = `${server.url}/files/${tenant.organization}/demo/${name}/upload?path=media/${step}.png`
      expect((await fetch(url, { method: 'PUT', headers, body: 'a picture' })).status).toBe(200)
    }
    return bucket
  }
  const picturesOf = (name: string) => client(tenant).texts.byRun.query({ ...at(name), metric: 'pics' })

  it('of media whose files came just before their process was killed are shown once another goes on', async () => {
    const name = newRunSlug()
    const { id } = await killedAfterPictures(name, [0])
    const resume =
      'query($run: String!) { model(name: "demo") { bucket(name: $run) { historyLineCount wandbConfig } } }'
    expect((await graphql(resume, { run: name })).data).toMatchObject({ model: { bucket: { historyLineCount: 1 } } })
    await begin(name, { id })
    await post(name, rows(1, 5))
    expect(await picturesOf(name)).toMatchObject([
      { step: 0, value: { _type: 'images', images: [{ width: 2, size: 9 }] } },
    ])
    const told = 'query($run: String!) { project(name: "demo") { run(name: $run) { summaryMetrics } } }'
    const summary = expect.stringContaining('"_type":"images/separated"')
    expect((await graphql(told, { run: name })).data).toEqual({ project: { run: { summaryMetrics: summary } } })
  })

  it('of a process that goes on with a run which came by no lines follow its last step, once each', async () => {
    const logged = await testRun(tenant)
    await postBatch(tenant, batchOf(logged, { rows: [{ step: 5, values: { loss: 1 } }] }))
    const name = logged.run
    const resume = `query($run: String!) {
      model(name: "demo") { bucket(name: $run) { id historyLineCount historyTail wandbConfig } }
    }`
    const asked = async () => {
      const { data } = await graphql(resume, { run: name })
      return z.object({ model: z.object({ bucket: z.looseObject({ id: z.string() }) }) }).parse(data).model.bucket
    }
    const bucket = await asked()
    expect(bucket).toMatchObject({ historyLineCount: 1, historyTail: expect.stringContaining('_step\\":5,') })
    expect((await begin(name, { id: bucket.id })).bucket.historyLineCount).toBe(1)
    const line = {
      files: { 'wandb-history.jsonl': { offset: 1, content: ['{"loss":2,"_step":6,"_timestamp":1.7e9}'] } },
    }
    for (const _time of [1, 2]) await post(name, line)
    expect([...(await readPoints(tenant, { ...at(name), metric: 'loss' })).steps]).toEqual([5, 6])
    expect(await loss(name)).toEqual([1, 2])
    expect(await asked()).toMatchObject({ historyLineCount: 2 })
  })

  it('of such media are shown, too, once the run is rewound, but for those behind the step that it goes back to', async () => {
    const name = newRunSlug()
    await killedAfterPictures(name, [0, 1, 2])
    const rewind = 'mutation($input: RewindRunInput!) { rewindRun(input: $input) { rewoundRun { historyLineCount } } }'
    const input = { runName: name, projectName: 'demo', metricName: '_step', metricValue: 1 }
    expect((await graphql(rewind, { input })).data).toMatchObject({
      rewindRun: { rewoundRun: { historyLineCount: 2 } },
    })
    await post(name, rows(2, 5))
    const shown = { _type: 'images', images: [{ width: 2, size: 9 }] }
    expect(await picturesOf(name)).toMatchObject([
      { step: 0, value: shown },
      { step: 1, value: shown },
    ])
    expect(await loss(name)).toEqual([5])
  })

  it('of a process that began anew take the place of the old ones', async () => {
    const name = newRunSlug()
    await begin(name)
    await post(name, { ...rows(0, 1, 2, 3), complete: true, exitcode: 0 })
    expect((await begin(name)).bucket.historyLineCount).toBe(0)
    expect(await client(tenant).runs.byId.query(at(name))).toMatchObject({ state: 'running' })
    await post(name, { ...rows(0, 9), complete: true, exitcode: 0 })
    expect(await loss(name)).toEqual([9, 2, 3])
    expect(await client(tenant).runs.byId.query(at(name))).toMatchObject({ state: 'finished' })
  })

  it('of several processes get their steps by the server, once each', async () => {
    const name = newRunSlug()
    const shared = (id: string) => ({ 'x-wandb-use-async-filestream': 'true', 'x-wandb-async-client-id': id })
    for (const id of ['one', 'two']) {
      const answer = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { authorization: basic(tenant.apiKey), 'content-type': 'application/json', 'x-wandb-client-id': id },
        body: JSON.stringify({ query: upsert, variables: { input: { name, modelName: 'demo' } } }),
      })
      expect(answerSchema.parse(await answer.json()).errors).toBeUndefined()
    }
    const line = (value: number) => ({
      files: { 'wandb-history.jsonl': { offset: 0, content: [JSON.stringify({ loss: value, _timestamp: 1.7e9 })] } },
    })
    await post(name, line(1), { headers: shared('one') })
    await post(name, line(2), { headers: shared('two') })
    await post(name, line(2), { headers: shared('two') })
    expect([...(await readPoints(tenant, { ...at(name), metric: 'loss' })).steps]).toEqual([0, 1])
    expect(await client(tenant).runs.byId.query(at(name))).toMatchObject({ isShared: true, liveWriters: 2 })
  })

  it('may be packed, and may be none', async () => {
    const name = newRunSlug()
    await begin(name)
    const packed = gzipSync(JSON.stringify(rows(0, 4)))
    expect((await post(name, packed, { headers: { 'content-encoding': 'gzip' } })).status).toBe(200)
    expect((await post(name, {})).status).toBe(200)
    expect(await loss(name)).toEqual([4])
    expect((await post(name, packed, { headers: { 'content-encoding': 'br' } })).status).toBe(400)
    expect((await post(name, new Uint8Array([1]), { headers: { 'content-encoding': 'gzip' } })).status).toBe(400)
    // One that has more than it says would take more memory than there is room made for it.
    const liar = Buffer.from(packed)
    liar.writeUInt32LE(8, liar.length - 4)
    const refused = await post(name, liar, { headers: { 'content-encoding': 'gzip' } })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('more than it says at its end')
  })

  it('that cannot be stored keep no others out', async () => {
    const name = newRunSlug()
    await begin(name)
    const content = ['{"loss":1,"_step":0,"_timestamp":1}', 'no', '{"loss":2,"_step":1,"_timestamp":1e300}', '[]']
    const answer = await post(name, {
      files: { 'wandb-history.jsonl': { offset: 0, content }, 'other.txt': { offset: 0 } },
    })
    expect(answer.status).toBe(200)
    expect(await loss(name)).toEqual([1, 2])
  })

  it('of a run that no upsert began, that was deleted, or that is another’s are not taken', async () => {
    expect((await post('nothing', {})).status).toBe(404)
    expect((await post('nothing', {}, { project: 'nowhere' })).status).toBe(404)
    const name = newRunSlug()
    await begin(name)
    const stranger = await testOrganization(server)
    expect((await post(name, rows(0, 1), { caller: stranger })).status).toBe(404)
    await client(tenant).runs.delete.mutate(at(name))
    expect((await post(name, rows(0, 1))).status).toBe(404)
    const { errors } = await graphql(upsert, { input: { name, modelName: 'demo' } })
    expect(errors?.[0]?.message).toContain('was deleted')
  })
})

describe('the public API', () => {
  const list = `query($project: String!, $filters: JSONString, $order: String, $first: Int, $after: String) {
    project(name: $project) {
      runCount(filters: $filters)
      runs(filters: $filters, order: $order, first: $first, after: $after) {
        edges { node { name config summaryMetrics systemMetrics historyKeys user { name } projectId } cursor }
        pageInfo { endCursor hasNextPage }
      }
    }
  }`
  const listedSchema = z.object({
    project: z.object({
      runCount: z.number(),
      runs: z.object({
        edges: z.array(z.object({ node: z.looseObject({ name: z.string() }), cursor: z.string().nullable() })),
        pageInfo: z.object({ endCursor: z.string().nullable(), hasNextPage: z.boolean() }),
      }),
    }),
  })
  const listed = async (variables: object) => {
    const answer = await graphql(list, { project: 'demo', ...variables })
    expect(answer.errors).toBeUndefined()
    const { runCount, runs } = listedSchema.parse(answer.data).project
    return { runCount, ...runs, names: runs.edges.map(({ node }) => node.name) }
  }
  const refused = async (variables: object) => {
    const { status, errors } = await graphql(list, { project: 'demo', ...variables })
    expect(status).toBe(200)
    return errors?.[0]?.message
  }
  const ofRun = async (name: string, fields: string) => {
    const { data, errors } = await graphql(`{ project(name: "demo") { run(name: "${name}") { ${fields} } } }`)
    expect(errors).toBeUndefined()
    return z.object({ project: z.object({ run: z.record(z.string(), z.unknown()) }) }).parse(data).project.run
  }

  it('lists runs by pages that follow each other', async () => {
    const group = newRunSlug()
    const names = ['c', 'a', 'b'].map((letter) => `${letter}${group}`)
    for (const [index, name] of names.entries())
      await begin(name, { groupName: group, config: config({ lr: { value: index } }) })
    const query = { filters: JSON.stringify({ group }), order: '+name', first: 2 }
    const first = await listed(query)
    expect(first).toMatchObject({ names: [`a${group}`, `b${group}`], runCount: 3, pageInfo: { hasNextPage: true } })
    const { cursor } = first.edges.at(-1) ?? {}
    expect(cursor).toBe(first.pageInfo.endCursor)
    expect(await listed({ ...query, after: cursor })).toMatchObject({
      names: [`c${group}`],
      pageInfo: { hasNextPage: false },
    })
    expect((await listed({ ...query, order: '-config.lr.value' })).names[0]).toBe(`b${group}`)
    expect(first.edges[0]?.node).toMatchObject({
      config: expect.stringContaining('"lr":{"value":1}'),
      user: { name: tenant.organization },
      projectId: expect.stringMatching(/^[0-9]+$/),
      systemMetrics: '{}',
      historyKeys: { lastStep: -1, keys: {} },
    })
    expect(await refused({ ...query, after: cursor, order: '-name' })).toContain('cursor')
  })

  it.each([
    [{ filters: '{"state":{"$near":1}}' }, /\$near.*\$regex/],
    [{ filters: '{"rocket":1}' }, /rocket.*summary_metrics/],
    [{ filters: '{' }, /JSON/],
    [{ filters: '{"name":{"$regex":"(?<=a)"}}' }, /pattern/],
    [{ filters: `{"$or":[${'{"name":"a"},'.repeat(300)}{"name":"b"}]}` }, /at most 200 conditions/],
    [{ order: '-rocket' }, /order.*rocket/],
    [{ first: 1001 }, /at most 1000 runs/],
  ])('refuses %j and says why', async (variables, message) => {
    expect(await refused(variables)).toMatch(message)
  })

  it('reads rows exactly, and numbers that are none by their names', async () => {
    const name = newRunSlug()
    await begin(name)
    const content = [
      '{"loss":NaN,"_step":0,"_timestamp":1.5,"_runtime":0}',
      '{"loss":-Infinity,"word":"ü","_step":1,"_timestamp":2.5,"_runtime":1}',
      '{"loss":0.1,"none":null,"_step":7,"_timestamp":3.5,"_runtime":2}',
    ]
    const events = ['{"_wandb":true,"_timestamp":2,"_runtime":1,"system.cpu":12.5}']
    await post(name, {
      files: {
        'wandb-history.jsonl': { offset: 0, content },
        'wandb-events.jsonl': { offset: 0, content: events },
      },
    })
    const run = await ofRun(
      name,
      `history(minStep: 0, maxStep: 7) last: history(minStep: 7) events(samples: 5) systemMetrics historyKeys
       parquetHistory(liveKeys: ["_step"]) { parquetUrls liveData }
       sampledHistory(specs: ["{\\"keys\\":[\\"_step\\",\\"loss\\"],\\"samples\\":2}"])`,
    )
    expect(run['history']).toEqual([
      '{"loss":NaN,"_step":0,"_timestamp":1.5,"_runtime":0}',
      '{"loss":-Infinity,"word":"ü","_step":1,"_timestamp":2.5,"_runtime":1}',
    ])
    expect(run['last']).toEqual(['{"loss":0.1,"none":null,"_step":7,"_timestamp":3.5,"_runtime":2}'])
    expect(run['events']).toEqual(['{"_wandb":true,"_timestamp":2,"_runtime":0.5,"system.cpu":12.5}'])
    expect(run['systemMetrics']).toBe('{"system.cpu":12.5}')
    expect(run['sampledHistory']).toEqual([
      [
        { _step: 0, loss: 'NaN' },
        { _step: 7, loss: 0.1 },
      ],
    ])
    expect(run['parquetHistory']).toEqual({ parquetUrls: [], liveData: [{ _step: 0 }] })
    expect(run['historyKeys']).toMatchObject({
      lastStep: 7,
      keys: { loss: { previousValue: 0.1 }, word: {}, none: {} },
    })
    const manyOf = (run: string) =>
      graphql(`{ project(name: "demo") { run(name: "${run}") { history(samples: 1000000) } } }`)
    const all = z.object({ project: z.object({ run: z.object({ history: z.array(z.string()) }) }) })
    expect(all.parse((await manyOf(name)).data).project.run.history.length).toBeGreaterThan(1)
    const long = await testRun(tenant)
    const longRows = Array.from({ length: 100_001 }, (_, step) => ({ step, values: { loss: step } }))
    await postBatch(tenant, batchOf(long, { rows: longRows }))
    expect((await manyOf(long.run)).errors?.[0]?.message).toMatch(/at most 100000 rows.*scan_history/)
  })

  it('finds a bucket that is there, and says of another that there is none where nobody expects that', async () => {
    expect((await graphql('{ model(name: "demo") { bucket(name: "no", missingOk: true) { id } } }')).data).toEqual({
      model: { bucket: null },
    })
    expect((await graphql('{ model(name: "demo") { bucket(name: "no") { id } } }')).status).toBe(404)
  })

  it('deletes runs and files by their ids, and nothing by others', async () => {
    const name = newRunSlug()
    const { bucket } = await begin(name)
    const files = 'mutation($files: [ID!]!) { deleteFiles(input: { files: $files, projectId: 1 }) { success } }'
    const remove = 'mutation($id: ID!) { deleteRun(input: { id: $id, deleteArtifacts: true }) { success } }'
    for (const id of ['nothing', Buffer.from(`File:${newRunSlug()}:a`).toString('base64')]) {
      expect((await graphql(files, { files: [id] })).status).toBe(404)
      expect((await graphql(remove, { id })).status).toBe(404)
    }
    expect((await graphql(remove, { id: bucket.id })).data).toEqual({ deleteRun: { success: true } })
    expect((await graphql(remove, { id: bucket.id })).status).toBe(404)
    await expect(client(tenant).runs.byId.query(at(name))).rejects.toThrow('there is no')
  })

  it.each([true, false, undefined])('deletes what a run made when it is asked to (%s)', async (deleteArtifacts) => {
    const [run, other] = [newRunSlug(), newRunSlug()]
    const { bucket } = await begin(run)
    await begin(other)
    const place = { organization: tenant.organization, project: 'demo', name: run }
    const made = await logArtifact(tenant, { ...place, run, files: { a: 'its own' }, aliases: ['best'] })
    await useArtifact(tenant, { ...place, run: other, id: made.id })
    const theirs = { ...place, files: { a: 'of both' } }
    await logArtifact(tenant, { ...theirs, run: other })
    expect(await logArtifact(tenant, { ...theirs, run })).toMatchObject({ isKnown: true })
    const remove = `mutation($id: ID!, $deleteArtifacts: Boolean) {
      deleteRun(input: { id: $id, deleteArtifacts: $deleteArtifacts }) { success }
    }`
    const { data } = await graphql(remove, { id: bucket.id, deleteArtifacts })
    expect(data).toEqual({ deleteRun: { success: true } })
    const { versions } = await client(tenant).artifacts.versions.query(place)
    expect(versions.map(({ version }) => version)).toEqual(deleteArtifacts ? [1] : [1, 0])
  })
})

describe('artifacts', () => {
  it('tell of every run that used them where no number is asked for', async () => {
    const place = { organization: tenant.organization, project: 'demo', name: newRunSlug() }
    const { id } = await logArtifact(tenant, { ...place, files: { a: 'b' } })
    const runs = Array.from({ length: 51 }, () => newRunSlug())
    await Promise.all(
      runs.map(async (run) => {
        await begin(run)
        await useArtifact(tenant, { ...place, run, id })
      }),
    )
    const used = 'query($id: ID!) { artifact(id: $id) { usedBy { totalCount edges { node { name } } } } }'
    const { data } = await graphql(used, { id })
    const edges = expect.arrayContaining(runs.map((name) => ({ node: { name } })))
    expect(data).toEqual({ artifact: { usedBy: { totalCount: runs.length, edges } } })
  })
})

describe('files', () => {
  const create =
    'mutation($files: [String!]!, $run: String!) { createRunFiles(input: {projectName: "demo", runName: $run, files: $files}) { runID uploadHeaders files { name uploadUrl } } }'
  const createdSchema = z.object({
    createRunFiles: z.object({
      uploadHeaders: z.array(z.string()),
      files: z.array(z.object({ name: z.string(), uploadUrl: z.string().nullable() })),
    }),
  })

  it('are uploaded to where they are told to, and the last one stands', async () => {
    const name = newRunSlug()
    await begin(name)
    const files = ['a b/ü.txt', '../out', 'empty']
    const { createRunFiles: created } = createdSchema.parse((await graphql(create, { files, run: name })).data)
    expect(created.files.map((file) => file.name)).toEqual(files)
    expect(created.files[1]?.uploadUrl).toBeNull()
    const [header = ''] = created.uploadHeaders
    const headers = { authorization: header.slice(header.indexOf(':') + 1).trim() }
    const url = created.files[0]?.uploadUrl ?? ''
    expect(url.startsWith(`${server.url}/`)).toBe(true)
    for (const body of ['first', 'second'])
      expect((await fetch(url, { method: 'PUT', headers, body })).status).toBe(200)
    expect((await fetch(created.files[2]?.uploadUrl ?? '', { method: 'PUT', headers, body: '' })).status).toBe(200)
    expect(await (await fetchFile(tenant, { ...at(name), path: 'a b/ü.txt' })).text()).toBe('second')
    expect(await client(tenant).files.list.query(at(name))).toMatchObject([
      { path: 'a b/ü.txt', mime: 'text/plain' },
      { path: 'empty', size: 0 },
    ])
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(401)
    const stranger = await testOrganization(server)
    const theirs = { authorization: basic(stranger.apiKey) }
    expect((await fetch(url, { method: 'PUT', headers: theirs, body: 'x' })).status).toBe(404)
    expect((await fetch(url.replace(name, 'nothing'), { method: 'PUT', headers, body: 'x' })).status).toBe(404)
  })

  it('tell of code and machine', async () => {
    const name = newRunSlug()
    await begin(name)
    const metadata = { host: 'gpu-1', cpu_count: 8, git: { remote: 'https://me:secret@host/x.git', commit: 'c0ffee' } }
    const url = `${server.url}/files/${tenant.organization}/demo/${name}/upload?path=wandb-metadata.json`
    const headers = { authorization: basic(tenant.apiKey) }
    expect((await fetch(url, { method: 'PUT', headers, body: JSON.stringify(metadata) })).status).toBe(200)
    const run = await client(tenant).runs.byId.query(at(name))
    expect(run).toMatchObject({ host: { hostname: 'gpu-1', cpuCount: 8 }, git: { commit: 'c0ffee' } })
    expect(JSON.stringify(run)).not.toContain('secret')
    expect((await fetch(url, { method: 'PUT', headers, body: 'no JSON' })).status).toBe(200)
  })
})

describe('what there is not', () => {
  it.each([
    ['POST', '/sdk/otel/v1/metrics'],
    ['POST', '/sdk/otel/v1/logs'],
    ['POST', '/oidc/token'],
  ])('%s %s', async (method, path) => {
    expect((await fetch(server.url + path, { method })).status).toBe(404)
  })

  it('sends people who need a key to the page of keys', async () => {
    const answer = await fetch(`${server.url}/authorize?ref=models`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/settings/keys'])
  })
})
