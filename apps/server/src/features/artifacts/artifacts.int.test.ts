import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import {
  artifactDigest,
  askWandb,
  type Caller,
  client,
  logArtifact,
  md5Of,
  putTo,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  until,
  uploadManifest,
} from '../../testing/index.ts'

type Tenant = Caller & { organization: string }

let server: TestServer
let tenant: Tenant
beforeAll(async () => {
  server = await testServer()
  tenant = await testOrganization(server)
})
afterAll(() => server.close())

let names = 0
/** A name that no other test has. */
const fresh = (project = 'demo') => ({ organization: tenant.organization, project, name: `thing-${++names}` })
const api = () => client(tenant)
const get = (query: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${routes.artifactFiles}?${new URLSearchParams(query)}`, {
    headers: { authorization: `Bearer ${tenant.apiKey}`, ...headers },
  })
const storedFileBytes = async () =>
  (await api().usage.byOrganization.query({ organization: tenant.organization })).storedFileBytes

beforeAll(async () => {
  await testRun(tenant, { project: 'demo', run: 'maker' })
  await testRun(tenant, { project: 'demo', run: 'user' })
})

describe('a version', () => {
  it('is numbered from 0, and is the same when it is logged again', async () => {
    const at = fresh()
    const first = await logArtifact(tenant, {
      ...at,
      run: 'maker',
      files: { a: 'one', 'b/c': 'two' },
      aliases: ['raw'],
    })
    expect(first).toMatchObject({ isKnown: false, uploaded: ['a', 'b/c'] })
    expect(await logArtifact(tenant, { ...at, run: 'user', files: { a: 'one', 'b/c': 'two' } })).toEqual({
      id: first.id,
      isKnown: true,
      uploaded: [],
    })
    await logArtifact(tenant, { ...at, files: { a: 'one', 'b/c': 'three' } })
    const { artifact, versions } = await api().artifacts.versions.query(at)
    expect(artifact).toMatchObject({ type: 'dataset', versionCount: 2, latestVersion: 1, latestSize: 8 })
    expect(versions).toMatchObject([
      { version: 1, aliases: ['latest'], createdBy: null },
      { version: 0, aliases: ['raw'], size: 6, fileCount: 2, createdBy: { run: 'maker' } },
    ])
    expect(versions[1]?.digest).toBe(artifactDigest({ a: md5Of('one'), 'b/c': md5Of('two') }))
    const made = await api().artifacts.byRun.query({ ...at, run: 'user' })
    expect(made.outputs.map(({ name, version }) => [name, version])).toContainEqual([at.name, 0])
  })

  it('stores a content once, whatever names it', async () => {
    const at = fresh()
    const big = 'x'.repeat(50_000)
    await logArtifact(tenant, { ...at, files: { big, small: '1' } })
    const before = await storedFileBytes()
    const second = await logArtifact(tenant, { ...at, files: { big, small: '2', copy: big } })
    expect(second.uploaded).toEqual(['small'])
    // One more content, and the list of files.
    expect((await storedFileBytes()) - before).toBeLessThan(1000)
    const third = await logArtifact(tenant, { ...fresh('other'), files: { renamed: big } }).catch(String)
    expect(third).toContain('there is no project other')
  })

  it('is not there before it is committed, nor when a file is missing', async () => {
    const at = fresh()
    const created = z.object({ createArtifact: z.object({ artifact: z.object({ id: z.string() }) }) })
    const { createArtifact } = await askWandb(
      tenant,
      created,
      'mutation($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact { id } } }',
      {
        input: {
          entityName: at.organization,
          projectName: at.project,
          artifactTypeName: 'dataset',
          artifactCollectionName: at.name,
          digest: artifactDigest({ a: md5Of('never sent') }),
        },
      },
    )
    const { id } = createArtifact.artifact
    const commit = () =>
      askWandb(
        tenant,
        z.unknown(),
        'mutation($input: CommitArtifactInput!) { commitArtifact(input: $input) { artifact { id } } }',
        {
          input: { artifactID: id },
        },
      )
    await expect(commit()).rejects.toThrow('was not uploaded')
    await uploadManifest(tenant, id, { a: { digest: md5Of('never sent'), size: 10 } })
    await expect(commit()).rejects.toThrow('the contents of a were not uploaded')
    await uploadManifest(tenant, id, { other: { digest: md5Of('never sent'), size: 10 } })
    await expect(commit()).rejects.toThrow('as was announced')
    await expect(uploadManifest(tenant, id, { '../a': { digest: md5Of('x'), size: 1 } }).then(commit)).rejects.toThrow(
      'a path in an artifact must be relative',
    )
    await expect(api().artifacts.versions.query(at)).rejects.toThrow('there is no artifact')
  })

  it('keeps its type', async () => {
    const at = fresh()
    await logArtifact(tenant, { ...at, files: { a: '1' } })
    await expect(logArtifact(tenant, { ...at, type: 'model', files: { a: '2' } })).rejects.toThrow(
      'is of the type dataset, not model',
    )
  })

  it('may name what is kept elsewhere', async () => {
    const at = fresh()
    await logArtifact(tenant, { ...at, refs: { data: 's3://bucket/data' } })
    const { files } = await api().artifacts.files.query({ ...at, version: 'latest' })
    expect(files).toEqual([
      { path: 'data', digest: 's3://bucket/data', size: 0, sha256: null, ref: 's3://bucket/data' },
    ])
    const answer = await get({ ...at, version: 'v0', path: 'data' })
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('s3://bucket/data')])
  })

  it('is told with its metadata, and with the runs around it', async () => {
    const at = fresh()
    const { id } = await logArtifact(tenant, {
      ...at,
      run: 'maker',
      files: { a: 'lineage' },
      metadata: { rows: 3, deep: { x: [1] } },
      description: 'about it',
    })
    const use = 'mutation($input: UseArtifactInput!) { useArtifact(input: $input) { artifact { id } } }'
    const input = { artifactID: id, entityName: at.organization, projectName: at.project, runName: 'user' }
    for (let times = 0; times < 2; times++) await askWandb(tenant, z.unknown(), use, { input })
    const detail = await api().artifacts.byVersion.query({ ...at, version: 'latest' })
    expect(detail).toMatchObject({
      version: 0,
      description: 'about it',
      metadata: { rows: 3, deep: { x: [1] } },
      createdBy: { project: 'demo', run: 'maker' },
      usedBy: [{ project: 'demo', run: 'user' }],
      usedByCount: 1,
    })
    const used = await api().artifacts.byRun.query({ ...at, run: 'user' })
    expect(used.inputs).toMatchObject([{ name: at.name, version: 0, createdBy: { run: 'maker' } }])
    const made = await api().artifacts.byRun.query({ ...at, run: 'maker' })
    expect(made.outputs.find(({ name }) => name === at.name)).toMatchObject({ usedBy: [{ run: 'user' }] })
    expect(made.outputCount).toBe(made.outputs.length)
  })
})

describe('the contents of files', () => {
  it('are read whole or in part', async () => {
    const at = fresh()
    await logArtifact(tenant, { ...at, files: { 'a b.txt': '0123456789' } })
    const whole = await get({ ...at, version: 'v0', path: 'a b.txt' })
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789'])
    const part = await get({ ...at, version: 'v0', path: 'a b.txt' }, { range: 'bytes=3-5' })
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, '345', 'bytes 3-5/10'])
    const rest = await get({ ...at, version: 'latest', path: 'a b.txt' }, { range: 'bytes=8-' })
    expect([rest.status, await rest.text()]).toEqual([206, '89'])
    const end = await get({ ...at, version: 'v0', path: 'a b.txt' }, { range: 'bytes=-3' })
    expect([end.status, await end.text(), end.headers.get('content-range')]).toEqual([206, '789', 'bytes 7-9/10'])
    const behind = await get({ ...at, version: 'v0', path: 'a b.txt' }, { range: 'bytes=10-' })
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, 'bytes */10'])
    for (const range of ['bytes=5-3', 'bytes=0-1,4-5', 'rows=0-1', 'nonsense']) {
      const all = await get({ ...at, version: 'v0', path: 'a b.txt' }, { range })
      expect([all.status, await all.text()]).toEqual([200, '0123456789'])
    }
    const tag = { 'if-none-match': whole.headers.get('etag') ?? '' }
    expect((await get({ ...at, version: 'v0', path: 'a b.txt' }, tag)).status).toBe(304)
    expect((await get({ ...at, version: 'v0', path: 'nothing' })).status).toBe(404)
    expect((await get({ ...at, version: 'v7', path: 'a b.txt' })).status).toBe(404)
    expect((await get({ ...at, version: 'v0', path: '../a' })).status).toBe(400)
  })

  it('must have the MD5 that they were announced with', async () => {
    const hex = Buffer.from(md5Of('one thing'), 'base64').toString('hex')
    const url = `${server.url}/artifacts/${tenant.organization}/contents/${hex}`
    const answer = await putTo(url, [`Authorization:Bearer ${tenant.apiKey}`], 'another thing')
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(`not ${md5Of('one thing')}`)])
    expect((await putTo(url, [`Authorization:Bearer ${tenant.apiKey}`], 'one thing')).status).toBe(200)
    expect((await putTo(url, [], 'one thing')).status).toBe(401)
  })

  it('are linked to for a while, each link for one file', async () => {
    const at = fresh()
    const { id } = await logArtifact(tenant, { ...at, files: { a: 'linked', b: 'other' } })
    const linkedSchema = z.object({
      artifact: z.object({
        files: z.object({ edges: z.array(z.object({ node: z.object({ directUrl: z.string() }) })) }),
      }),
    })
    const query = 'query($id: ID!) { artifact(id: $id) { files(names: ["a"]) { edges { node { directUrl } } } } }'
    const { artifact } = await askWandb(tenant, linkedSchema, query, { id })
    const link = new URL(artifact.files.edges[0]?.node.directUrl ?? '')
    expect(await (await fetch(link)).text()).toBe('linked')
    const changed = (change: (params: URLSearchParams) => void) => {
      const other = new URL(link)
      change(other.searchParams)
      return fetch(other).then(({ status }) => status)
    }
    expect(await changed((params) => params.set('path', 'b'))).toBe(404)
    expect(await changed((params) => params.delete('path'))).toBe(404)
    expect(await changed((params) => params.set('expires', String(Number(params.get('expires')) + 1)))).toBe(404)
  })
})

it('that two processes log at once is one version, whichever of them ends first', async () => {
  await testRun(tenant, { project: 'twice', run: 'r' })
  const at = { organization: tenant.organization, project: 'twice', name: 'data' }
  const files = { a: 'the same' }
  const { id } = await logArtifact(tenant, { ...at, files })
  // The slower one sends its list, and commits, when the other one is done.
  await uploadManifest(tenant, id, { a: { digest: md5Of('the same'), size: 8 } })
  await askWandb(
    tenant,
    z.unknown(),
    'mutation($input: CommitArtifactInput!) { commitArtifact(input: $input) { artifact { id } } }',
    { input: { artifactID: id } },
  )
  const { versions } = await api().artifacts.versions.query(at)
  expect(versions.map(({ version, fileCount }) => [version, fileCount])).toEqual([[0, 1]])
  const page = await api().artifacts.files.query({ ...at, version: 'v0' })
  expect(page.files.map(({ path }) => path)).toEqual(['a'])
})

describe('lists', () => {
  it('come by pages', async () => {
    await testRun(tenant, { project: 'pages', run: 'r' })
    const at = { organization: tenant.organization, project: 'pages' }
    for (const name of ['a', 'b', 'c'])
      await logArtifact(tenant, { ...at, name, type: 'model', files: { [name]: name } })
    await logArtifact(tenant, { ...at, name: 'table', type: 'run_table', files: { t: 't' } })
    const ofRows = 'wandb-run-incremental-table'
    await logArtifact(tenant, { ...at, name: 'rows', type: ofRows, files: { r: 'r' } })
    const first = await api().artifacts.list.query({ ...at, limit: 2 })
    expect(first).toMatchObject({
      artifacts: [{ name: 'a' }, { name: 'b' }],
      total: 3,
      types: [
        { type: 'model', count: 3 },
        { type: 'run_table', count: 1 },
        { type: ofRows, count: 1 },
      ],
    })
    const next = await api().artifacts.list.query({ ...at, limit: 2, cursor: first.nextCursor ?? '' })
    expect(next).toMatchObject({ artifacts: [{ name: 'c' }], nextCursor: null })
    const tables = await api().artifacts.list.query({ ...at, type: 'run_table' })
    expect(tables.artifacts.map(({ name }) => name)).toEqual(['table'])
    const files = Object.fromEntries(['1', '2', '3'].map((n) => [n, n]))
    await logArtifact(tenant, { ...at, name: 'many', files })
    const page = await api().artifacts.files.query({ ...at, name: 'many', version: 'v0', limit: 2 })
    expect(page.files.map(({ path }) => path)).toEqual(['1', '2'])
    const last = await api().artifacts.files.query({
      ...at,
      name: 'many',
      version: 'v0',
      limit: 2,
      cursor: page.nextCursor ?? '',
    })
    expect(last).toMatchObject({ files: [{ path: '3' }], nextCursor: null })
  })

  it('say what is wrong with a question, and what there is not', async () => {
    const at = fresh()
    await expect(api().artifacts.list.query({ ...at, limit: 0 })).rejects.toThrow('limit')
    await expect(api().artifacts.versions.query({ ...at, name: 'a/b' })).rejects.toThrow('an artifact name')
    await expect(api().artifacts.byVersion.query({ ...at, version: '' })).rejects.toThrow('version')
    await expect(api().artifacts.files.query({ ...at, version: 'v0', limit: 5000 })).rejects.toThrow('limit')
    await expect(api().artifacts.byRun.query({ ...at, run: 'a/b' })).rejects.toThrow('run id')
    await expect(api().artifacts.versions.query(at)).rejects.toThrow('there is no artifact')
    await expect(api().artifacts.byVersion.query({ ...at, version: 'v0' })).rejects.toThrow('there is no artifact')
    await expect(api().artifacts.files.query({ ...at, version: 'v0' })).rejects.toThrow('there is no artifact')
    await expect(api().artifacts.byRun.query({ ...at, run: 'nobody' })).rejects.toThrow('there is no run')
    await expect(api().artifacts.list.query({ ...at, project: 'nowhere' })).rejects.toThrow('there is no project')
  })
})

describe('what is deleted', () => {
  const contentsOf = async (directory: string): Promise<number> =>
    (
      await readdir(join(server.dataDir, 'files', directory), { recursive: true, withFileTypes: true }).catch(() => [])
    ).filter((entry) => entry.isFile()).length

  it('takes its contents along, but for those that another version names', async () => {
    const at = fresh()
    const first = await logArtifact(tenant, { ...at, files: { shared: `shared ${at.name}`, own: `own ${at.name}` } })
    await logArtifact(tenant, { ...at, files: { shared: `shared ${at.name}` } })
    const remove = (withAliases: boolean) =>
      askWandb(
        tenant,
        z.unknown(),
        'mutation($input: DeleteArtifactInput!) { deleteArtifact(input: $input) { artifact { id } } }',
        {
          input: { artifactID: first.id, deleteAliases: withAliases },
        },
      )
    await expect(
      askWandb(tenant, z.unknown(), 'mutation($input: AddAliasesInput!) { addAliases(input: $input) { success } }', {
        input: {
          artifactID: first.id,
          aliases: [
            { entityName: at.organization, projectName: at.project, artifactCollectionName: at.name, alias: 'kept' },
          ],
        },
      }),
    ).resolves.toEqual({ addAliases: { success: true } })
    await expect(remove(false)).rejects.toThrow('has the aliases kept')
    await remove(true)
    const { versions } = await api().artifacts.versions.query(at)
    expect(versions.map(({ version }) => version)).toEqual([1])
    const answer = await get({ ...at, version: 'v1', path: 'shared' })
    expect(await answer.text()).toBe(`shared ${at.name}`)
  })

  it('with its project, or its organization, is gone from the disk, but for what something else holds', async () => {
    // A process has one embedded server at a time: this one purges soon, and the tests before need it no more.
    await server.close()
    server = await testServer({ purgeAfterMs: 3000 })
    const other = await testOrganization(server)
    for (const project of ['doomed', 'stays']) await testRun(other, { project, run: 'r' })
    const at = { organization: other.organization, project: 'doomed', name: 'thing' }
    const kept = { ...at, project: 'stays' }
    const shared = 'held by both'.repeat(1000)
    const { id } = await logArtifact(other, { ...at, run: 'r', files: { a: 'will be gone', shared } })
    const { id: keptId } = await logArtifact(other, { ...kept, files: { shared } })
    const links = [
      { artifactID: keptId, artifactPortfolioName: 'chosen' },
      { artifactID: id, artifactPortfolioName: 'chosen' },
      { artifactID: id, artifactPortfolioName: 'of one' },
    ]
    const document = 'mutation($input: LinkArtifactInput!) { linkArtifact(input: $input) { versionIndex } }'
    for (const input of links)
      await askWandb(other, z.unknown(), document, { input: { ...input, projectName: 'stays' } })
    const chosen = { ...kept, name: 'chosen' }
    const chosenVersions = async () =>
      (await client(other).artifacts.versions.query({ ...chosen, limit: 1 })).versions.map(({ version }) => version)
    expect(await chosenVersions()).toEqual([1])
    const linkSchema = z.object({
      artifact: z.object({ currentManifest: z.object({ file: z.object({ directUrl: z.string() }) }) }),
    })
    const query = 'query($id: ID!) { artifact(id: $id) { currentManifest { file { directUrl } } } }'
    const { artifact } = await askWandb(other, linkSchema, query, { id })
    const link = artifact.currentManifest.file.directUrl
    const directory = new URL(link).pathname.split('/')[2] ?? ''
    expect((await fetch(link)).status).toBe(200)
    expect(await contentsOf(directory)).toBe(4)
    const usage = () => client(other).usage.byOrganization.query({ organization: other.organization })
    const before = await usage()
    const byName = (name: string) => before.projects.find((project) => project.name === name)
    const size = 'will be gone'.length + shared.length
    // Each project's own contents, and the lists of them; what is on the disk has the shared one once.
    expect(byName('doomed')).toMatchObject({ fileCount: 2 })
    expect(byName('stays')).toMatchObject({ fileCount: 1 })
    const lists = (byName('doomed')?.fileBytes ?? 0) + (byName('stays')?.fileBytes ?? 0) - size - shared.length
    expect(lists).toBeGreaterThan(100)
    expect(before.storedFileBytes).toBe(size + lists)

    await client(other).projects.delete.mutate(at)
    expect((await fetch(link)).status).toBe(404)
    // What is linked from there is nowhere to be seen, and hides nothing else.
    expect(await chosenVersions()).toEqual([0])
    const seen = await client(other).artifacts.list.query({ ...kept })
    expect(seen.artifacts.map(({ name, versionCount }) => [name, versionCount])).toEqual([
      ['chosen', 1],
      ['thing', 1],
    ])
    await until(async () => expect(await contentsOf(directory)).toBe(2), 60_000)
    const content = await fetch(
      `${server.url}${routes.artifactFiles}?${new URLSearchParams({ ...kept, version: 'v0', path: 'shared' })}`,
      { headers: { authorization: `Bearer ${other.apiKey}` } },
    )
    expect(await content.text()).toBe(shared)
    const { artifacts } = await client(other).artifacts.list.query(kept)
    expect(artifacts.map(({ name }) => name)).toEqual(['chosen', 'thing'])
    expect((await usage()).storedFileBytes).toBeLessThan(before.storedFileBytes - 'will be gone'.length)

    await client(other).organizations.delete.mutate({ organization: other.organization })
    await until(async () => expect(await readdir(join(server.dataDir, 'files'))).not.toContain(directory), 60_000)
  }, 150_000)
})
