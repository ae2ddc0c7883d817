import { createHash } from 'node:crypto'
import type { ArtifactVersionRecord, ImportArtifactInput } from '@kiroku/core/artifact-records'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Caller,
  client,
  logArtifact,
  putBlob,
  sha256Of,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  uploadBlob,
  useArtifact,
} from '../../testing/index.ts'

type Tenant = Caller & { organization: string }

let server: TestServer
let tenant: Tenant
let stranger: Tenant
let told: { input: ImportArtifactInput; made: NonNullable<ArtifactVersionRecord['made']> }
const secret = 'what the tenant alone has'
beforeAll(async () => {
  server = await testServer()
  tenant = await testOrganization(server)
  stranger = await testOrganization(server)
  const at = { organization: tenant.organization, project: 'demo' }
  await testRun(tenant, { project: 'demo', run: 'r' })
  const { id } = await logArtifact(tenant, {
    ...at,
    name: 'thing',
    run: 'r',
    files: { a: secret, b: 'b' },
    aliases: ['x'],
  })
  await useArtifact(tenant, { ...at, run: 'r', id })
  const { collections } = await client(tenant).artifactRecords.collections.query(at)
  const { versions } = await client(tenant).artifactRecords.versions.query({ ...at, name: 'thing' })
  const [collection, version] = [collections[0], versions[0]]
  if (!collection || !version?.made) throw new Error('nothing is told of the version')
  told = { input: { ...at, project: 'copy', collection, version }, made: version.made }
})
afterAll(() => server.close())

const imported = (change: Partial<ImportArtifactInput>, caller: Tenant = tenant) =>
  client(caller).artifactRecords.import.mutate({ ...told.input, organization: caller.organization, ...change })

describe('records of artifacts', () => {
  it('come by pages', async () => {
    const at = { organization: tenant.organization, project: 'pages' }
    for (const run of ['a', 'b']) await testRun(tenant, { project: 'pages', run })
    for (const name of ['one', 'two'])
      for (const content of ['1', '2', '3'])
        for (const run of ['a', 'b']) await logArtifact(tenant, { ...at, name, run, files: { f: content } })
    const api = client(tenant).artifactRecords
    const names: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await api.collections.query({ ...at, limit: 1, cursor })
      names.push(...page.collections.map(({ name, nextVersion }) => `${name} ${nextVersion}`))
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    expect(names).toEqual(['one 3', 'two 3'])
    const versions: number[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await api.versions.query({ ...at, name: 'two', limit: 2, cursor })
      versions.push(...page.versions.map(({ version }) => version))
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    expect(versions).toEqual([0, 1, 2])
    const lineage: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await api.lineage.query({ ...at, limit: 5, cursor })
      lineage.push(...page.lineage.map(({ run, artifact }) => `${run} ${artifact.name}:v${artifact.version}`))
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    const expected = ['a', 'b'].flatMap((run) =>
      ['one', 'two'].flatMap((name) => [0, 1, 2].map((v) => `${run} ${name}:v${v}`)),
    )
    expect([...lineage].sort()).toEqual(expected)
  })

  it('are refused by the field that is wrong, and for what there is not', async () => {
    const api = client(tenant).artifactRecords
    const at = { organization: tenant.organization, project: 'demo' }
    await expect(api.collections.query({ ...at, limit: 0 })).rejects.toThrow('limit')
    await expect(api.collections.query({ ...at, project: 'nowhere' })).rejects.toThrow('there is no project')
    await expect(api.versions.query({ ...at, name: 'a/b' })).rejects.toThrow('an artifact name')
    await expect(api.versions.query({ ...at, name: 'nothing' })).rejects.toThrow('there is no artifact nothing')
    await expect(api.lineage.query({ ...at, limit: 1001 })).rejects.toThrow('limit')
    await expect(api.lineage.query({ ...at, project: 'nowhere' })).rejects.toThrow('there is no project')
    for (const cursor of ['x', '[]', '["a","b","c","d"]'])
      await expect(api.lineage.query({ ...at, cursor })).rejects.toMatchObject({ data: { httpStatus: 400 } })
    await expect(api.versions.query({ ...at, name: 'thing', cursor: 'x' })).rejects.toThrow('a number of a version')
    await expect(api.importLineage.mutate({ ...at, lineage: [] })).rejects.toThrow('lineage')
    const { version } = told.input
    if (!version) throw new Error('there is no version')
    await expect(imported({ version: { ...version, linked: null, made: null } })).rejects.toThrow(
      'one of `made` and `linked`',
    )
    await expect(imported({ version: { ...version, version: 1 } })).rejects.toThrow('nextVersion')
    await expect(imported({ collection: { ...told.input.collection, isPortfolio: true } })).rejects.toThrow(
      'is a portfolio',
    )
    const linked = { project: null, name: 'thing', version: 0, digest: told.made.digest }
    await expect(imported({ version: { ...version, made: null, linked } })).rejects.toThrow('is no portfolio')
    const other = { ...told.made, digest: 'f'.repeat(32) }
    await expect(imported({ version: { ...version, made: other } })).rejects.toThrow(
      `have the digest ${told.made.digest}`,
    )
    await expect(
      imported({
        project: 'none',
        collection: { ...told.input.collection, isPortfolio: true, name: 'p' },
        version: { ...version, made: null, linked },
      }),
    ).rejects.toThrow('the organization has no version none/thing:v0')
  })

  it('give nothing of what another organization has', async () => {
    await expect(imported({}, stranger)).rejects.toThrow('the list of the files of thing:v0 was not uploaded')
    const list = await fetch(
      `${server.url}${routes.artifactFiles}?${new URLSearchParams({ ...names('demo'), version: 'v0' })}`,
      {
        headers: { authorization: `Bearer ${tenant.apiKey}` },
      },
    )
    await uploadBlob(stranger, await list.text())
    await expect(imported({}, stranger)).rejects.toThrow('the contents of a, b were not uploaded')
    await uploadBlob(stranger, 'b')
    await expect(imported({}, stranger)).rejects.toThrow('the contents of a were not uploaded')
    await expect(
      client(stranger).artifacts.versions.query({ ...names('copy'), organization: stranger.organization }),
    ).rejects.toThrow('there is no artifact')
  })

  const names = (project: string) => ({ organization: tenant.organization, project, name: 'thing' })

  it('make a version again, once', async () => {
    const [first, again] = await Promise.all([imported({}), imported({})])
    expect([first.isKnown, again.isKnown].sort()).toEqual([false, true])
    const versions = await client(tenant).artifacts.versions.query(names('copy'))
    expect(versions.versions).toMatchObject([
      { version: 0, aliases: ['latest', 'x'], digest: told.made.digest, createdBy: null },
    ])
    // The run comes later; then it is known who made the version.
    const lineage = (await client(tenant).artifactRecords.lineage.query(names('demo'))).lineage
    const at = names('copy')
    expect(await client(tenant).artifactRecords.importLineage.mutate({ ...at, lineage })).toEqual({ missing: lineage })
    await testRun(tenant, { project: 'copy', run: 'r' })
    for (let times = 0; times < 2; times++)
      expect(await client(tenant).artifactRecords.importLineage.mutate({ ...at, lineage })).toEqual({ missing: [] })
    await imported({})
    expect(await client(tenant).artifacts.byRun.query({ ...at, run: 'r' })).toMatchObject({
      inputs: [{ name: 'thing', createdBy: { run: 'r' } }],
      outputs: [{ name: 'thing', usedBy: [{ run: 'r' }] }],
    })
  })
})

describe('a content of an artifact', () => {
  it('may be larger than a file of a run, which is told', async () => {
    const head = { authorization: `Bearer ${tenant.apiKey}` }
    const put = (query: string, length: number) => {
      const sha256 = createHash('sha256').update('x').digest('hex')
      return new Promise<number>((resolve, reject) => {
        import('node:http').then(({ request }) => {
          const url = `${server.url}${routes.blobs}/${sha256}${query}`
          const sent = request(url, { method: 'PUT', headers: { ...head, 'content-length': length } }, (answer) => {
            resolve(answer.statusCode ?? 0)
            sent.destroy()
          })
          sent.on('error', reject)
          sent.flushHeaders()
          sent.write('y')
        }, reject)
      })
    }
    expect(await put('', 300 * 1024 * 1024)).toBe(413)
    expect(await put('?of=artifact', 65 * 1024 ** 3)).toBe(413)
    expect((await putBlob(tenant, sha256Of('x'), 'y')).status).toBe(400)
    const answer = await fetch(`${server.url}${routes.blobs}/${sha256Of('x')}?of=run`, {
      method: 'PUT',
      headers: head,
      body: 'x',
    })
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('of')])
  })
})
