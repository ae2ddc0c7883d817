import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeHistoryBatch } from '@kiroku/core/history'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Engines, openEngines } from './engines/index.ts'
import { startServer } from './index.ts'
import { askForBackup } from './testing/backups.ts'
import {
  batchOf,
  client,
  postBytes,
  rawRequest,
  type SpawnedServer,
  spawnServer,
  testRun,
  testServer,
} from './testing/index.ts'

/** An embedded PostgreSQL of its own, to be named by a URL. */
async function testEngines(): Promise<Engines & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  const engines = await openEngines({ dataDir: join(directory, 'data') })
  const close = async (): Promise<void> => {
    await engines.close()
    await rm(directory, { recursive: true })
  }
  return { ...engines, [Symbol.asyncDispose]: close }
}

describe('a server that is started again', () => {
  let server: SpawnedServer
  beforeAll(async () => {
    server = await spawnServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('keeps its owner, organization and key, the key for its own user alone', async () => {
    const keyFile = join(server.dataDir, 'owner-key')
    expect(await readFile(keyFile, 'utf8')).toBe(`${server.apiKey}\n`)
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    await server.restart()
    const me = await client(server).viewer.me.query()
    expect(me).toMatchObject({ name: 'owner', via: 'key', organizations: [{ slug: 'local' }] })
  })

  it('makes a new key when the kept one was revoked', async () => {
    const [key] = await client(server).keys.list.query({ organization: 'local' })
    await client(server).keys.revoke.mutate({ organization: 'local', id: key?.id ?? '' })
    await server.restart()
    const apiKey = (await readFile(join(server.dataDir, 'owner-key'), 'utf8')).trim()
    expect(apiKey).not.toBe(server.apiKey)
    expect(await client({ url: server.url, apiKey }).viewer.me.query()).toMatchObject({ name: 'owner' })
  })

  it('stops at SIGTERM with exit code 0', async () => {
    expect(await server.stop()).toBe(0)
    await expect(rawRequest(server.url)).rejects.toThrow('ECONNREFUSED')
  })
})

describe('a server', () => {
  it('says in one line that its port is taken, and leaves nothing running', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const dataDir = join(tmpdir(), `kiroku-test-port-${process.pid}`)
    const start = () => startServer({ dataDir, port, logLevel: 'silent' })
    await expect(start()).rejects.toThrow(`port ${port} is taken; choose another one with --port`)
    other.close()
    await once(other, 'close')
    const server = await start()
    await server.close()
    await rm(dataDir, { recursive: true })
  })

  it('says in one line that PostgreSQL cannot be reached or refuses', async () => {
    const dataDir = join(tmpdir(), `kiroku-test-url-${process.pid}`)
    const start = (databaseUrl: string) => startServer({ dataDir, port: 0, databaseUrl, logLevel: 'silent' })
    await expect(start('postgresql://x:y@127.0.0.1:1/none')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'PostgreSQL cannot be reached',
    })
    await rm(dataDir, { recursive: true, force: true })
  })

  it('shares one PostgreSQL with others: one owner, whose key is told once, and live notices of all', async () => {
    await using engines = await testEngines()
    await using first = await spawnServer({ databaseUrl: engines.databaseUrl })
    await using second = await spawnServer({ databaseUrl: engines.databaseUrl })
    expect(first.apiKey).toMatch(/^kiroku-/)
    expect(second.apiKey).toBe('')
    const caller = { url: first.url, apiKey: first.apiKey }
    const live = await fetch(`${second.url}${routes.live}`, { headers: { authorization: `Bearer ${first.apiKey}` } })
    const reader = live.body?.getReader()
    const run = await testRun(caller)
    let heard = ''
    while (!heard.includes(run.run)) heard += Buffer.from((await reader?.read())?.value ?? []).toString()
    expect(heard).toContain('"created":true')
    await reader?.cancel()
    const there = await client({ url: second.url, apiKey: first.apiKey }).runs.byId.query({ ...run, run: run.run })
    expect(there.displayName).toBe(run.displayName)
    for (const url of [first.url, second.url]) {
      const backup = await askForBackup({ url, apiKey: first.apiKey }, join(tmpdir(), 'kiroku-no-backup'))
      expect(backup.status).toBe(400)
      expect(await backup.text()).toContain('docs/backup.md')
    }
  })

  it('says that it is not ready while PostgreSQL is away, so that senders try again', async () => {
    await using engines = await testEngines()
    await using server = await spawnServer({ databaseUrl: engines.databaseUrl, logLevel: 'silent' })
    const run = await testRun(server)
    const batch = batchOf(run, { rows: [{ step: 0, values: { loss: 1 } }] })
    await engines.close()
    expect((await rawRequest(server.url + routes.health)).status).toBe(200)
    expect((await rawRequest(server.url + routes.ready)).status).toBe(503)
    const refused = await postBytes(server, encodeHistoryBatch(batch))
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ code: 'UNAVAILABLE' })
    const address = { organization: run.organization, project: run.project, run: run.run }
    await expect(client(server).runs.byId.query(address)).rejects.toMatchObject({
      data: { httpStatus: 503, error: { code: 'UNAVAILABLE', message: 'PostgreSQL cannot be reached' } },
    })
  })

  it('makes organizations with keys of their own', async () => {
    await using server = await testServer()
    const { organization, apiKey } = await server.createOrganization('research')
    expect(organization).toBe('research')
    expect(await client({ url: server.url, apiKey }).viewer.me.query()).toMatchObject({
      organizations: [{ slug: 'research', name: 'research' }],
    })
    await expect(server.createOrganization('research')).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(server.createOrganization('No Slug')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})
