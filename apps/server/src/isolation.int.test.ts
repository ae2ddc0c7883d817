import { join } from 'node:path'
import { emptyRowBlock, encodeHistoryBatch } from '@kiroku/core/history'
import { newRunSlug, newWriterId } from '@kiroku/core/ids'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { appRouter } from './router.ts'
import {
  attachFile,
  batchOf,
  type Caller,
  client,
  fetchFile,
  logArtifact,
  md5Of,
  postBatch,
  postBytes,
  putBlob,
  rawRequest,
  readPoints,
  sha256Of,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  uploadBlob,
} from './testing/index.ts'

type Tenant = Caller & { organization: string }

const registered: string[] = []
const secret = 'known to its owner'
let server: TestServer
let owner: Tenant
let stranger: Tenant
let run: TestRun
let deleted: TestRun
let keyId: string
let deletedProject: string
let sweep: string
let artifactId: string

beforeAll(async () => {
  const onRoute = ({ method, url }: { method: string | string[]; url: string }): void => {
    for (const each of [method].flat()) registered.push(`${each} ${url}`)
  }
  server = await testServer({ onRoute })
  owner = await testOrganization(server)
  stranger = await testOrganization(server)
  run = await testRun(owner, { tags: ['secret'] })
  deleted = await testRun(owner)
  await postBatch(owner, batchOf(run, { rows: [{ step: 0, values: { loss: 42 } }] }))
  await attachFile(owner, run, { path: 'a', content: secret, firstSeq: 2 })
  const line = { line: 0, stream: 'stdout', time: 0, text: secret } as const
  const text = { step: 0, time: 0, metric: 'note', value: secret }
  await postBatch(owner, batchOf(run, { firstSeq: 3, texts: [text], console: [line] }))
  artifactId = (await logArtifact(owner, { ...address(), name: 'secrets', files: { a: secret } })).id
  await client(owner).runs.delete.mutate({ ...address(), run: deleted.run })
  const doomed = await testRun(owner, { project: 'doomed' })
  deletedProject = (await client(owner).projects.delete.mutate(doomed)).id
  const config = { method: 'random', parameters: { [secret]: { value: secret } } }
  sweep = (await client(owner).sweeps.create.mutate({ ...address(), config })).slug
  keyId = (await client(owner).keys.create.mutate({ organization: owner.organization, name: 'victim' })).id
})
afterAll(() => server.close())

const address = () => ({ organization: owner.organization, project: run.project, run: run.run })

/** What a procedure must answer a stranger: that there is nothing, or nothing of the owner's. */
type Attempt = { input: () => unknown; expected: 'NOT_FOUND' | 'nothing of the owner' }
const notFound = (input: () => unknown): Attempt => ({ input, expected: 'NOT_FOUND' })

const best = { kind: 'best', metric: 'loss', goal: 'min' }

const artifact = () => ({ ...address(), name: 'secrets', version: 'v0' })

const planted = {
  name: 'planted',
  type: 'dataset',
  isPortfolio: false,
  description: null,
  tags: [],
  createdAt: 0,
  nextVersion: 1,
}
const lineage = () => ({
  run: run.run,
  role: 'input',
  usedAs: null,
  createdAt: 0,
  artifact: { project: null, name: 'secrets', version: 0, digest: '0'.repeat(32) },
})

const attempts: Record<string, Attempt> = {
  'artifactRecords.collections': notFound(address),
  'artifactRecords.import': notFound(() => ({ ...address(), collection: planted, version: null })),
  'artifactRecords.importLineage': notFound(() => ({ ...address(), lineage: [lineage()] })),
  'artifactRecords.lineage': notFound(address),
  'artifactRecords.versions': notFound(artifact),
  'artifacts.byRun': notFound(address),
  'artifacts.byVersion': notFound(artifact),
  'artifacts.files': notFound(artifact),
  'artifacts.list': notFound(address),
  'artifacts.versions': notFound(artifact),
  'console.byRun': notFound(address),
  'files.list': notFound(address),
  'files.offer': { input: () => ({ hashes: [sha256Of(secret)] }), expected: 'nothing of the owner' },
  'keys.create': notFound(() => ({ organization: owner.organization, name: 'mine now' })),
  'keys.list': notFound(() => ({ organization: owner.organization })),
  'keys.revoke': notFound(() => ({ organization: owner.organization, id: keyId })),
  'measures.byRuns': notFound(() => ({ ...address(), runs: [run.run], measures: [best] })),
  'metrics.byRun': notFound(address),
  'metrics.list': notFound(address),
  'organizations.delete': notFound(() => ({ organization: owner.organization })),
  'organizations.restore': notFound(() => ({ organization: owner.organization })),
  'projects.byPath': notFound(address),
  'projects.delete': notFound(address),
  'projects.expiring': notFound(() => ({ ...address(), retentionDays: 1 })),
  'projects.list': notFound(() => ({ organization: owner.organization })),
  'projects.restore': notFound(() => ({ organization: owner.organization, id: deletedProject })),
  'projects.update': notFound(() => ({ ...address(), set: { name: 'hacked', retentionDays: 1 } })),
  'runs.byId': notFound(address),
  'runs.create': {
    // The same project and run of the stranger's own organization; the owner's stay as they are.
    input: () => ({ ...address(), writer: newWriterId(), startedAt: 0, config: { stolen: true } }),
    expected: 'nothing of the owner',
  },
  'runs.delete': notFound(address),
  'runs.list': notFound(address),
  'runs.record': notFound(address),
  'runs.restore': notFound(() => ({ ...address(), run: deleted.run })),
  'runs.update': notFound(() => ({ ...address(), set: { notes: 'hacked' } })),
  'runs.stop': notFound(address),
  'sql.entries': notFound(address),
  'sweeps.act': notFound(() => ({ ...address(), sweep, action: 'cancel' })),
  'sweeps.byId': notFound(() => ({ ...address(), sweep })),
  'sweeps.create': notFound(() => ({ ...address(), config: { method: 'random', parameters: { x: { value: 1 } } } })),
  'sweeps.list': notFound(address),
  'texts.byRun': notFound(address),
  'texts.metrics': notFound(address),
  'texts.steps': notFound(() => ({ ...address(), metric: 'note' })),
  'usage.byOrganization': notFound(() => ({ organization: owner.organization })),
  'usage.byProject': notFound(address),
  'viewer.me': { input: () => undefined, expected: 'nothing of the owner' },
}

/** What the owner sees of everything that an attempt could change. */
async function snapshot(): Promise<unknown> {
  const api = client(owner)
  const { organization } = owner
  const found = await Promise.all([
    api.projects.list.query({}),
    api.runs.list.query(address()),
    api.metrics.byRun.query(address()),
    api.texts.byRun.query(address()),
    api.console.byRun.query(address()),
    api.files.list.query(address()),
    api.artifacts.byRun.query(address()),
    api.artifacts.byVersion.query(artifact()),
    api.artifactRecords.collections.query(address()),
    api.artifactRecords.lineage.query(address()),
    fetchFile(owner, { ...address(), path: 'a' }).then((answer) => answer.text()),
    api.keys.list.query({ organization }),
    api.sweeps.list.query(address()),
    api.usage.byOrganization.query({ organization }),
    readPoints(owner, { ...address(), metric: 'loss' }),
  ])
  return JSON.parse(JSON.stringify(found, (key, value: unknown) => (key === 'lastUsedAt' ? undefined : value)))
}

/** The same of one run, for attempts that make runs themselves. */
async function snapshotOfRun(): Promise<unknown> {
  const api = client(owner)
  return Promise.all([
    api.runs.byId.query(address()),
    api.metrics.byRun.query(address()),
    readPoints(owner, { ...address(), metric: 'loss' }),
    api.console.byRun.query(address()),
    api.files.list.query(address()),
    api.artifacts.byVersion.query(artifact()),
    fetchFile(owner, { ...address(), path: 'a' }).then((answer) => answer.text()),
  ])
}

function call(procedure: string, type: string, input: unknown, caller: Caller) {
  const json = JSON.stringify(input) ?? ''
  const url = `${server.url}${routes.trpc}/${procedure}`
  const headers = { authorization: `Bearer ${caller.apiKey}`, 'content-type': 'application/json' }
  return type === 'mutation'
    ? rawRequest(url, { method: 'POST', headers, body: json })
    : rawRequest(`${url}?input=${encodeURIComponent(json)}`, { headers })
}

const procedureSchema = z.custom<{ _def: { type: string } }>((value) => typeof value === 'function')
const procedures = Object.entries(z.record(z.string(), procedureSchema).parse(appRouter._def.procedures)).map(
  ([name, { _def }]) => [name, _def.type] as const,
)
const errorSchema = z.object({ error: z.object({ data: z.object({ error: z.object({ code: z.string() }) }) }) })
const codeOf = (text: string): string => errorSchema.parse(JSON.parse(text)).error.data.error.code

describe('every procedure', () => {
  it('has an attempt here', () => {
    expect(Object.keys(attempts).sort()).toEqual(procedures.map(([name]) => name).sort())
  })

  it.each(procedures)('%s gives a key of another organization nothing', async (name, type) => {
    const attempt = attempts[name]
    const before = await snapshot()
    const answer = await call(name, type, attempt?.input(), stranger)
    if (attempt?.expected === 'NOT_FOUND') expect(codeOf(answer.text)).toBe('NOT_FOUND')
    else expect(answer.text).not.toContain(owner.organization)
    expect(await snapshot()).toEqual(before)
  })

  it.each(procedures)('%s says the same of an organization that there is not', async (name, type) => {
    const attempt = attempts[name]
    if (attempt?.expected !== 'NOT_FOUND') return expect(attempt?.expected).toBe('nothing of the owner')
    const input = JSON.stringify(attempt.input()).replaceAll(owner.organization, 'nobody')
    const there = await call(name, type, attempt.input(), stranger)
    const nowhere = await call(name, type, JSON.parse(input), stranger)
    const withoutId = (text: string): string => text.replace(/"requestId":"[^"]*"/, '').replaceAll('nobody', 'ORG')
    expect(withoutId(there.text.replaceAll(owner.organization, 'ORG'))).toBe(withoutId(nowhere.text))
  })

  it.each(procedures)('%s asks for a key', async (name, type) => {
    const url = `${server.url}${routes.trpc}/${name}`
    const headers = { 'content-type': 'application/json' }
    const answer = await rawRequest(url, type === 'mutation' ? { method: 'POST', headers, body: '{}' } : { headers })
    expect(codeOf(answer.text)).toBe('UNAUTHORIZED')
    expect(answer.status).toBe(401)
  })
})

const search = () => new URLSearchParams({ ...address(), metric: 'loss' })
const seriesBody = () => JSON.stringify({ ...address(), series: [{ run: run.run, metric: 'loss' }], width: 10 })
const get = (path: string, apiKey: string) =>
  rawRequest(server.url + path, { headers: { authorization: `Bearer ${apiKey}` } })
const post = (path: string, apiKey: string, body: string) =>
  rawRequest(server.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body,
  })
const put = (path: string, apiKey: string, body: string) =>
  rawRequest(server.url + path, { method: 'PUT', headers: { authorization: `Bearer ${apiKey}` }, body })
const md5Hex = Buffer.from(md5Of(secret), 'base64').toString('hex')
const isNotFound = (answer: { status: number; text: string }): void => {
  expect(answer.status).toBe(404)
  expect(JSON.parse(answer.text)).toMatchObject({ code: 'NOT_FOUND' })
}

/** What each route does for a stranger; `null` where it tells everybody the same, or is tested as procedures above. */
const routeAttempts: Record<string, (() => Promise<void>) | null> = {
  [`GET ${routes.health}`]: null,
  [`GET ${routes.ready}`]: null,
  [`GET ${routes.figureFrame}`]: null,
  [`GET ${routes.figureFrame}/:name`]: null,
  [`procedures ${routes.trpc}/:path`]: null,
  [`POST ${routes.session}`]: null,
  [`DELETE ${routes.session}`]: null,
  [`GET ${routes.live}`]: async () => {
    isNotFound(
      await get(`${routes.live}?${new URLSearchParams({ organization: owner.organization })}`, stranger.apiKey),
    )
    isNotFound(await get(`${routes.live}?${search()}`, stranger.apiKey))
  },
  [`GET ${routes.points}`]: async () => isNotFound(await get(`${routes.points}?${search()}`, stranger.apiKey)),
  [`GET ${routes.files}`]: async () =>
    isNotFound(await get(`${routes.files}?${new URLSearchParams({ ...address(), path: 'a' })}`, stranger.apiKey)),
  [`GET ${routes.artifactFiles}`]: async () => {
    const query = (more: object) => new URLSearchParams({ ...artifact(), path: 'a', ...more })
    isNotFound(await get(`${routes.artifactFiles}?${query({})}`, stranger.apiKey))
    isNotFound(await get(`${routes.artifactFiles}?${new URLSearchParams(artifact())}`, stranger.apiKey))
    isNotFound(await get(`${routes.artifactFiles}?${query({ organization: stranger.organization })}`, stranger.apiKey))
  },
  'PUT /artifacts/:entity/contents/:md5': async () => {
    const path = `/artifacts/${owner.organization}/contents/${md5Hex}`
    expect((await put(path, stranger.apiKey, secret)).status).toBe(404)
  },
  'PUT /artifacts/:entity/manifests/:id': async () => {
    for (const { organization } of [owner, stranger]) {
      const path = `/artifacts/${organization}/manifests/${crypto.randomUUID()}`
      expect((await put(path, stranger.apiKey, '{}')).status).toBe(404)
    }
  },
  'GET /artifacts/:entity/:md5': async () => {
    for (const { organization } of [owner, stranger])
      expect((await get(`/artifacts/${organization}/${md5Hex}`, stranger.apiKey)).status).toBe(404)
  },
  'GET /artifactsV2/:region/:entity/*': async () => {
    for (const { organization } of [owner, stranger])
      expect((await get(`/artifactsV2/default/${organization}/${artifactId}/${md5Hex}`, stranger.apiKey)).status).toBe(
        404,
      )
  },
  'GET /artifacts/:entity/files/:id': async () => {
    // The address proves itself; a key gives nothing there, and neither does a proof of something else.
    const id = Buffer.from(artifactId, 'base64').toString().split(':')[1]
    const proof = new URLSearchParams({ path: 'a', expires: String(Date.now() + 60_000), signature: 'x'.repeat(43) })
    for (const organizationId of [crypto.randomUUID(), (await organizationIds()).owner])
      expect((await get(`/artifacts/${organizationId}/files/${id}?${proof}`, stranger.apiKey)).status).toBe(404)
  },
  [`GET ${routes.console}`]: async () => {
    for (const format of ['text', 'jsonl'])
      isNotFound(await get(`${routes.console}?${new URLSearchParams({ ...address(), format })}`, stranger.apiKey))
  },
  [`PUT ${routes.blobs}/:sha256`]: async () => {
    // The stranger does not have the owner's content by knowing its hash, nor by having the same of their own.
    const { missing } = await client(stranger).files.offer.mutate({ hashes: [sha256Of(secret)] })
    expect(missing).toEqual([sha256Of(secret)])
    const theirs = await testRun(stranger, { run: run.run })
    const file = { type: 'file', path: 'a', mime: 'text/plain', sha256: sha256Of(secret), size: secret.length } as const
    expect((await postBatch(stranger, batchOf(theirs, { updates: [file] }))).rejected).toHaveLength(1)
    expect((await fetchFile(stranger, { ...theirs, path: 'a' })).status).toBe(404)
    expect((await putBlob(stranger, sha256Of(secret), 'other')).status).toBe(400)
    await uploadBlob(stranger, secret)
    isNotFound(await get(`${routes.files}?${new URLSearchParams({ ...address(), path: 'a' })}`, stranger.apiKey))
  },
  'POST /graphql': () => wandbAttempts(stranger.apiKey),
  'GET /graphql': null,
  'POST /files/:entity/:project/:run/file_stream': async () => {
    const path = `/files/${owner.organization}/${run.project}/${run.run}/file_stream`
    expect((await post(path, stranger.apiKey, '{"complete":true,"exitcode":1}')).status).toBe(404)
  },
  'PUT /files/:entity/:project/:run/upload': async () => {
    const path = `/files/${owner.organization}/${run.project}/${run.run}/upload?path=a`
    const headers = { authorization: `Bearer ${stranger.apiKey}` }
    expect((await rawRequest(server.url + path, { method: 'PUT', headers, body: 'mine' })).status).toBe(404)
  },
  'GET /files/:entity/:project/:run/download': async () => {
    const names = { organization: owner.organization, project: run.project, run: run.run }
    const query = `{ project(name: "${run.project}") { run(name: "${run.run}") { files { edges { node { name directUrl } } } } } }`
    const answer = await post('/graphql', owner.apiKey, JSON.stringify({ query }))
    const url = new URL(/"name":"a","directUrl":"([^"]+)"/.exec(answer.text)?.[1] ?? '')
    const ask = async (change: Record<string, string> = {}, path = url.pathname) => {
      const asked = new URL(path + url.search, server.url)
      for (const [key, value] of Object.entries(change)) asked.searchParams.set(key, value)
      return rawRequest(asked.href, {})
    }
    expect((await ask()).text).toBe(secret)
    expect((await rawRequest(url.href, { headers: { authorization: `Bearer ${stranger.apiKey}` } })).text).toBe(secret)
    // A link is of one file, for a while, and nobody else signs it.
    const theirs = (await post('/graphql', stranger.apiKey, JSON.stringify({ query }))).text
    expect(theirs).not.toContain(secret)
    const changes: Record<string, string>[] = [
      { path: 'b' },
      { until: String(Date.now() + 1e9) },
      { signature: 'x' },
      { signature: `${keyId}.x` },
    ]
    for (const change of changes) expect((await ask(change)).status).toBe(401)
    expect((await ask({}, url.pathname.replace(names.run, 'other'))).status).toBe(401)
    expect((await ask({}, url.pathname.replace(names.organization, stranger.organization))).status).toBe(401)
  },
  'GET /authorize': null,
  'GET /ready': null,
  ...Object.fromEntries(
    ['/sdk/otel/*', '/oidc/token'].flatMap((url) => ['GET', 'POST', 'PUT'].map((method) => [`${method} ${url}`, null])),
  ),
  [`POST ${routes.backup}`]: async () => {
    const answer = await post(
      routes.backup,
      stranger.apiKey,
      JSON.stringify({ directory: join(server.dataDir, '../b') }),
    )
    expect(answer.status).toBe(403)
    // The key of a user of the organization is not the one of the server's owner.
    const own = await post(routes.backup, owner.apiKey, JSON.stringify({ directory: join(server.dataDir, '../b') }))
    expect(own.status).toBe(403)
  },
  [`POST ${routes.series}`]: async () => {
    isNotFound(await post(routes.series, stranger.apiKey, seriesBody()))
    await testRun(stranger)
    const unshared = await testRun(owner)
    const body = { ...address(), organization: stranger.organization, width: 10 }
    const series = [{ run: unshared.run, metric: 'loss' }]
    isNotFound(await post(routes.series, stranger.apiKey, JSON.stringify({ ...body, series })))
  },
  [`POST ${routes.groups}`]: async () => {
    const body = { ...address(), metric: 'loss', groups: [{ runs: [run.run] }], buckets: 10 }
    isNotFound(await post(routes.groups, stranger.apiKey, JSON.stringify(body)))
    await testRun(stranger)
    const groups = [{ runs: [(await testRun(owner)).run] }]
    const ofStranger = { ...body, organization: stranger.organization, groups }
    isNotFound(await post(routes.groups, stranger.apiKey, JSON.stringify(ofStranger)))
  },
  [`POST ${routes.sql}`]: async () => {
    const ask = (query: string, path: object = address()) =>
      post(routes.sql, stranger.apiKey, JSON.stringify({ ...path, query }))
    isNotFound(await ask('SELECT * FROM points'))
    // Of their own project of the same name they see nothing of the owner's.
    const own = { ...address(), organization: stranger.organization }
    await testRun(stranger, { run: run.run })
    for (const table of ['points', 'runs', 'texts', 'console']) {
      const answer = await ask(`SELECT * FROM ${table}`, own)
      expect(answer.status).toBe(200)
      const values = JSON.parse(answer.text).rows.flat().map(String)
      // Times may have 42 somewhere in them.
      expect(values).not.toContain('42')
      for (const theirs of [secret, '"secret"']) expect(values.join()).not.toContain(theirs)
    }
    for (const query of ['SELECT * FROM kiroku.points', "SELECT * FROM merge('kiroku', '.*')"])
      expect((await ask(query, own)).status).toBe(400)
  },
  [`POST ${routes.ingest}`]: async () => {
    const batch = { ...batchOf(run, { firstSeq: 2, rows: [{ step: 1, values: { loss: 666 } }] }) }
    const answer = await postBytes(stranger, encodeHistoryBatch(batch))
    expect(answer.status).toBe(404)
    const heartbeat = { ...batch, firstSeq: 1, lastSeq: 0, history: emptyRowBlock() }
    expect((await postBytes(stranger, encodeHistoryBatch(heartbeat))).status).toBe(404)
  },
}

/** What a `wandb` client's key of another organization reaches: the owner's run by name, by id, its lines and its files. */
async function wandbAttempts(apiKey: string): Promise<void> {
  const ask = async (query: string, input: object): Promise<string> => {
    const answer = await post('/graphql', apiKey, JSON.stringify({ query, variables: { input } }))
    return answer.text
  }
  const names = { entityName: owner.organization, projectName: run.project, runName: run.run }
  const id = Buffer.from(`Run:${(await client(owner).runs.byId.query(address())).id}`).toString('base64')
  const upsert = 'mutation($input: UpsertBucketInput!) { upsertBucket(input: $input) { bucket { id config } } }'
  for (const input of [
    { entityName: owner.organization, name: run.run, modelName: run.project, notes: 'hacked' },
    { id, notes: 'hacked' },
  ])
    expect(await ask(upsert, input)).toContain('NOT_FOUND')
  const files = 'mutation($input: CreateRunFilesInput!) { createRunFiles(input: $input) { files { uploadUrl } } }'
  expect(await ask(files, { ...names, files: ['a'] })).toContain('NOT_FOUND')
  const rewind = 'mutation($input: RewindRunInput!) { rewindRun(input: $input) { rewoundRun { id } } }'
  expect(await ask(rewind, { ...names, metricName: '_step', metricValue: 0 })).toContain('NOT_FOUND')
  expect(await ask('mutation($input: StopRunInput!) { stopRun(input: $input) { success } }', { id })).toContain(
    'NOT_FOUND',
  )
  const remove = 'mutation($input: DeleteRunInput!) { deleteRun(input: $input) { success } }'
  expect(await ask(remove, { id })).toContain('NOT_FOUND')
  const detach = 'mutation($input: DeleteFilesInput!) { deleteFiles(input: $input) { success } }'
  const runId = Buffer.from(id, 'base64').toString().slice('Run:'.length)
  const fileId = Buffer.from(`File:${runId}:a`).toString('base64')
  expect(await ask(detach, { files: [fileId] })).toContain('NOT_FOUND')
  expect((await fetchFile(owner, { ...address(), path: 'a' })).status).toBe(200)
  const make = 'mutation($input: UpsertModelInput!) { upsertModel(input: $input) { project { id } } }'
  expect(await ask(make, { entityName: owner.organization, name: 'planted' })).toContain('NOT_FOUND')
  const alert =
    'mutation($input: NotifyScriptableRunAlertInput!) { notifyScriptableRunAlert(input: $input) { success } }'
  expect(await ask(alert, { ...names, title: 'hacked', text: '' })).toContain('NOT_FOUND')
  expect(await ask(`{ models(entityName: "${owner.organization}") { edges { node { name } } } }`, {})).toContain(
    '"edges":[]',
  )
  const fields = `notes config historyKeys history(samples: 5) sampledHistory(specs: ["{\\"keys\\":[\\"note\\"]}"])
    logLines(first: 5) { edges { node { line } } } files(first: 5) { edges { node { name url } } } user { name }`
  const artifactID = artifactId
  const changes = [
    [
      'createArtifactFiles(input: $input) { files { edges { node { uploadUrl } } } }',
      'CreateArtifactFilesInput',
      { artifactFiles: [{ artifactID, name: 'a', md5: md5Of(secret) }] },
    ],
    [
      'createArtifactManifest(input: $input) { artifactManifest { id } }',
      'CreateArtifactManifestInput',
      { artifactID },
    ],
    ['commitArtifact(input: $input) { artifact { id } }', 'CommitArtifactInput', { artifactID }],
    ['updateArtifact(input: $input) { artifact { id } }', 'UpdateArtifactInput', { artifactID, description: 'hacked' }],
    ['deleteArtifact(input: $input) { artifact { id } }', 'DeleteArtifactInput', { artifactID, deleteAliases: true }],
    ['useArtifact(input: $input) { artifact { id } }', 'UseArtifactInput', { ...names, artifactID }],
    [
      'linkArtifact(input: $input) { versionIndex }',
      'LinkArtifactInput',
      { artifactID, artifactPortfolioName: 'mine', projectName: 'demo' },
    ],
    ['addAliases(input: $input) { success }', 'AddAliasesInput', { artifactID, aliases: [] }],
    ['deleteAliases(input: $input) { success }', 'DeleteAliasesInput', { artifactID, aliases: [] }],
    [
      'createArtifact(input: $input) { artifact { id } }',
      'CreateArtifactInput',
      {
        entityName: owner.organization,
        projectName: run.project,
        artifactTypeName: 'dataset',
        artifactCollectionName: 'secrets',
        digest: '0'.repeat(32),
      },
    ],
  ] as const
  for (const [operation, type, input] of changes)
    expect(await ask(`mutation($input: ${type}!) { ${operation} }`, input), type).toContain('NOT_FOUND')
  expect(await ask(`{ artifact(id: "${artifactId}") { digest } }`, {})).toContain('NOT_FOUND')
  for (const field of ['project', 'model'])
    for (const entity of [owner.organization, stranger.organization]) {
      const query = `{ ${field}(name: "${run.project}", entityName: "${entity}") {
        run(name: "${run.run}") { ${fields} } runCount runs(first: 5) { edges { node { ${fields} } } } } }`
      const answer = await ask(query, {})
      expect(answer).not.toContain('errors')
      for (const theirs of [owner.organization, secret]) expect(answer).not.toContain(theirs)
    }
}

/** Ids of organizations, which people see in no answer but links. */
async function organizationIds(): Promise<{ owner: string }> {
  const query = `{ artifact(id: "${artifactId}") { currentManifest { file { directUrl } } } }`
  const answer = await post('/graphql', owner.apiKey, JSON.stringify({ query }))
  const id = /\/artifacts\/([0-9a-f-]{36})\/files/.exec(answer.text)?.[1]
  return { owner: z.uuid().parse(id) }
}

/** Procedures are one route, whatever the method; HEAD is what GET is. */
const routesToWalk = (): string[] => {
  const walked = registered.map((route) => route.replace(/^[A-Z]+ (.*:path)$/, 'procedures $1'))
  return [...new Set(walked.filter((route) => !route.startsWith('HEAD ')))]
}

describe('a run of another organization', () => {
  const started = () => ({ project: 'demo', run: newRunSlug(), writer: newWriterId(), startedAt: 0 })

  it.each<[string, () => object]>([
    ['be resumed', () => ({ run: address().run, resume: 'must' })],
    ['be rewound', () => ({ run: address().run, rewind: { step: 0 } })],
    ['be forked', () => ({ fork: { run: address().run, step: 100 } })],
  ])('cannot %s', async (_what, input) => {
    const before = await snapshot()
    const answer = await call('runs.create', 'mutation', { ...started(), ...input() }, await testOrganization(server))
    expect(codeOf(answer.text)).toBe('NOT_FOUND')
    expect(await snapshot()).toEqual(before)
  })

  it('cannot be changed in its config or summary', async () => {
    const before = await snapshot()
    const change = { ...address(), config: { set: { stolen: 1 } }, summary: { set: { stolen: 1 }, unset: ['loss'] } }
    const answer = await call('runs.update', 'mutation', change, stranger)
    expect(codeOf(answer.text)).toBe('NOT_FOUND')
    expect(await snapshot()).toEqual(before)
  })

  it('of the same name shares neither steps nor writers', async () => {
    const input = { ...started(), shared: true }
    const mine = await testRun(owner, input)
    const theirs = await testRun(stranger, { ...input, writer: newWriterId() })
    expect(theirs.otherWriters).toBe(0)
    await postBatch(owner, batchOf(mine, { rows: [{ step: 9, values: { loss: 1 } }] }))
    await postBatch(stranger, batchOf(theirs, { rows: [{ step: 9, values: { loss: 2 } }] }))
    for (const caller of [owner, stranger]) {
      const found = { organization: caller.organization, project: 'demo', run: input.run, metric: 'loss' }
      expect([...(await readPoints(caller, found)).steps]).toEqual([0])
    }
  })
})

describe('every route', () => {
  it('has an attempt here', () => {
    expect(Object.keys(routeAttempts).sort()).toEqual(routesToWalk().sort())
  })

  it.each(Object.entries(routeAttempts))('%s gives a key of another organization nothing', async (_route, attempt) => {
    const before = await snapshotOfRun()
    await attempt?.()
    expect(await snapshotOfRun()).toEqual(before)
  })

  it('of data asks for a key', async () => {
    const files = `${routes.files}?${new URLSearchParams({ ...address(), path: 'a' })}`
    const paths = [routes.live, routes.points, routes.console].map((path) => `${path}?${search()}`)
    const artifacts = [routes.artifactFiles, `/artifacts/x/${md5Hex}`, `/artifactsV2/default/x/y/${md5Hex}`]
    for (const path of [...paths, files, ...artifacts]) expect((await rawRequest(server.url + path)).status).toBe(401)
    for (const path of [routes.series, routes.groups, routes.sql, routes.ingest, routes.backup])
      expect((await rawRequest(server.url + path, { method: 'POST' })).status).toBe(401)
    for (const path of ['/graphql', `/files/${owner.organization}/${run.project}/${run.run}/file_stream`])
      expect((await rawRequest(server.url + path, { method: 'POST' })).status).toBe(401)
    const blob = `${routes.blobs}/${sha256Of('x')}`
    expect((await rawRequest(server.url + blob, { method: 'PUT', body: 'x' })).status).toBe(401)
  })

  it('leaves the same project and run of two organizations apart', async () => {
    const slug = newRunSlug()
    const mine = await testRun(owner, { run: slug })
    const theirs = await testRun(stranger, { run: slug })
    await postBatch(owner, batchOf(mine, { rows: [{ step: 0, values: { loss: 1 } }] }))
    await postBatch(stranger, batchOf(theirs, { rows: [{ step: 0, values: { loss: 2 } }] }))
    const read = async (caller: Tenant) =>
      (await readPoints(caller, { organization: caller.organization, project: 'demo', run: slug, metric: 'loss' }))
        .values
    expect([...(await read(owner))]).toEqual([1])
    expect([...(await read(stranger))]).toEqual([2])
  })
})
