import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../database/database.ts'
import { type Engines, openEngines } from '../../engines/index.ts'
import { authorizeOrganization, type OrganizationScope } from '../../http/scopes.ts'
import { sha256Of, until } from '../../testing/index.ts'
import type { BlobStorage } from './blob-storage.ts'
import { createBlobsRepository } from './blobs.repository.ts'
import { createDirectoryBlobStorage } from './directory-blob-storage.ts'
import { createFilesRepository } from './files.repository.ts'
import { createFilesService, type FilesService } from './files.service.ts'
import { copyMediaFiles, linkFiles } from './run-files.repository.ts'

const dayMs = 24 * 60 * 60 * 1000
let directory: string
let engines: Engines
let database: Database
let storage: BlobStorage
let files: FilesService

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  engines = await openEngines({ dataDir: join(directory, 'data') })
  database = await openDatabase(engines.databaseUrl)
  storage = createDirectoryBlobStorage(engines.filesDir)
  files = createFilesService(storage, {
    blobs: createBlobsRepository(database),
    files: createFilesRepository(database),
  })
})
afterAll(async () => {
  await database.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

let organizations = 0

async function newOrganization(): Promise<OrganizationScope> {
  const slug = `sweep-${++organizations}`
  const { id } = await database.prisma.organization.create({ data: { slug, name: slug } })
  const own = [{ id, slug, name: slug }]
  return authorizeOrganization(
    { userId: id, name: slug, email: null, via: 'key', organizations: own, deletedOrganizations: [] },
    slug,
  )
}

async function newRun({ organizationId }: OrganizationScope): Promise<string> {
  const project = await database.prisma.project.upsert({
    where: { organizationId_name: { organizationId, name: 'demo' } },
    create: { organizationId, name: 'demo' },
    update: {},
  })
  const facts = { slug: `run-${Math.random()}`, displayName: 'run', startedAt: new Date() }
  return (await database.prisma.run.create({ data: { projectId: project.id, ...facts } })).id
}

async function* contentOf(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}
const put = (scope: OrganizationScope, text: string): Promise<void> => files.put(scope, sha256Of(text), contentOf(text))

/** Whether the run has the file now. */
async function link({ organizationId }: OrganizationScope, runId: string, text: string): Promise<boolean> {
  const file = { path: `media/${sha256Of(text)}`, sha256: sha256Of(text), size: text.length, mime: 'text/plain' }
  return (
    (await database.transaction((connection) => linkFiles(connection, [{ organizationId, runId, file }]))).length === 0
  )
}

const unlink = (runId: string): Promise<unknown> => database.prisma.runFile.deleteMany({ where: { runId } })

/** Has all contents of an organization been offered last two days ago. */
const age = ({ organizationId }: OrganizationScope): Promise<unknown> =>
  database.prisma.blob.updateMany({ where: { organizationId }, data: { offeredAt: new Date(Date.now() - 2 * dayMs) } })

const isThere = async ({ organizationId }: OrganizationScope, text: string) => ({
  known: (await database.prisma.blob.count({ where: { organizationId, sha256: sha256Of(text) } })) === 1,
  stored: await storage.has({ organizationId, sha256: sha256Of(text) }),
})
const there = { known: true, stored: true }
const gone = { known: false, stored: false }

describe('a sweep', () => {
  it('removes what no file names once it was not offered for a day', async () => {
    const scope = await newOrganization()
    await put(scope, 'old')
    await files.sweep(dayMs)
    expect(await isThere(scope, 'old')).toEqual(there)
    await age(scope)
    await put(scope, 'new')
    await files.sweep(dayMs)
    expect(await isThere(scope, 'old')).toEqual(gone)
    expect(await isThere(scope, 'new')).toEqual(there)
  })

  it('removes nothing while something else needs all of it, and then does', async () => {
    const scope = await newOrganization()
    await put(scope, 'held')
    await age(scope)
    await files.withoutSweeps(async () => {
      await files.sweep(dayMs)
      expect(await isThere(scope, 'held')).toEqual(there)
    })
    await files.sweep(dayMs)
    expect(await isThere(scope, 'held')).toEqual(gone)
  })

  it('that is under way ends before anything else begins that needs all of it', async () => {
    const scope = await newOrganization()
    for (let index = 0; index < 20; index++) await put(scope, `under way ${index}`)
    await age(scope)
    let isOver = false
    const sweeping = files.sweep(dayMs).then(() => {
      isOver = true
    })
    await files.withoutSweeps(async () => {
      await Promise.resolve()
      expect(isOver).toBe(true)
    })
    await sweeping
  })

  it('leaves what was offered since, or came again', async () => {
    const scope = await newOrganization()
    await put(scope, 'offered')
    await put(scope, 'again')
    await age(scope)
    expect(await files.offer(scope, [sha256Of('offered')])).toEqual({ missing: [] })
    await put(scope, 'again')
    await files.sweep(dayMs)
    expect(await isThere(scope, 'offered')).toEqual(there)
    expect(await isThere(scope, 'again')).toEqual(there)
  })

  it('leaves what a file names, until the last of them is gone', async () => {
    const scope = await newOrganization()
    const [first, second] = [await newRun(scope), await newRun(scope)]
    await put(scope, 'named')
    expect(await link(scope, first, 'named')).toBe(true)
    await database.transaction((connection) => copyMediaFiles(connection, { from: first, to: second }))
    await unlink(first)
    await age(scope)
    await files.sweep(dayMs)
    expect(await isThere(scope, 'named')).toEqual(there)
    await unlink(second)
    await files.sweep(dayMs)
    expect(await isThere(scope, 'named')).toEqual(gone)
  })

  it('does not take the file of another organization for one of its own', async () => {
    const [scope, other] = [await newOrganization(), await newOrganization()]
    await put(scope, 'common')
    await put(other, 'common')
    expect(await link(other, await newRun(other), 'common')).toBe(true)
    await age(scope)
    await age(other)
    await files.sweep(dayMs)
    expect(await isThere(scope, 'common')).toEqual(gone)
    expect(await isThere(other, 'common')).toEqual(there)
  })

  it('removes what a kill left: content that nobody knows; and asks again for what is known and lost', async () => {
    const scope = await newOrganization()
    const { organizationId } = scope
    const received = await storage.receive(organizationId, contentOf('unknown'), 100)
    await received.keep()
    await put(scope, 'lost')
    await storage.delete({ organizationId, sha256: sha256Of('lost') })
    expect(await files.offer(scope, [sha256Of('unknown'), sha256Of('lost')])).toEqual({
      missing: [sha256Of('unknown'), sha256Of('lost')],
    })
    await files.sweep(dayMs)
    expect(await isThere(scope, 'unknown')).toEqual(gone)
    await put(scope, 'lost')
    expect(await isThere(scope, 'lost')).toEqual(there)
  })

  it('leaves the files of organizations that this database does not know', async () => {
    const organizationId = '00000000-0000-4000-8000-000000000000'
    const received = await storage.receive(organizationId, contentOf('elsewhere'), 100)
    await received.keep()
    await files.sweep(dayMs)
    expect(await storage.has({ organizationId, sha256: sha256Of('elsewhere') })).toBe(true)
  })

  it('that comes upon a content as a file is given it leaves it', async () => {
    const scope = await newOrganization()
    const { organizationId } = scope
    const runId = await newRun(scope)
    await put(scope, 'just named')
    await age(scope)
    const file = { path: 'a', sha256: sha256Of('just named'), size: 10, mime: 'text/plain' }
    const { sweeping } = await database.transaction(async (connection) => {
      expect(await linkFiles(connection, [{ organizationId, runId, file }])).toEqual([])
      const started = files.sweep(dayMs)
      await until(async () => {
        const { rows } = await connection.query('SELECT 1 FROM pg_locks WHERE NOT granted')
        expect(rows).toHaveLength(1)
      })
      return { sweeping: started }
    })
    await sweeping
    expect(await isThere(scope, 'just named')).toEqual(there)
  })

  it('never takes what somebody was told is there, however much happens at once', async () => {
    const scope = await newOrganization()
    const texts = ['a', 'b', 'c']
    const users: { text: string; runId: string }[] = []
    for (const text of [...texts, ...texts]) users.push({ text, runId: await newRun(scope) })
    const lost: string[] = []
    let uploads = 0
    let isDone = false
    const use = async ({ text, runId }: { text: string; runId: string }): Promise<void> => {
      // Until sweeps have taken contents between the uses, however slow they are.
      for (let round = 0; round < 40 || (uploads <= texts.length && round < 4000); round++) {
        if ((await files.offer(scope, [sha256Of(text)])).missing.length > 0) {
          await put(scope, text)
          uploads++
        }
        // Contents are aged meanwhile, so one may be gone again; but what a file was given must be there.
        if ((await link(scope, runId, text)) && !(await isThere(scope, text)).stored) lost.push(text)
        await unlink(runId)
      }
    }
    const sweep = async (): Promise<void> => {
      while (!isDone) {
        await age(scope)
        await files.sweep(dayMs)
      }
    }
    const using = Promise.all(users.map(use)).finally(() => {
      isDone = true
    })
    await Promise.all([using, sweep()])
    expect(lost).toEqual([])
    expect(uploads).toBeGreaterThan(texts.length)
  })
})
