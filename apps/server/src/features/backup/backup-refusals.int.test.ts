import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askForBackup, makeBackup } from '../../testing/backups.ts'
import {
  attachFile,
  client,
  rawRequest,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  until,
  uploadBlob,
} from '../../testing/index.ts'
import { verifyBackup } from './read-backup.ts'
import { restoreBackup } from './restore-backup.ts'

let server: TestServer
let directory: string
let whole: string

beforeAll(async () => {
  server = await testServer()
  directory = await mkdtemp(join(tmpdir(), 'kiroku-backup-'))
  await attachFile(server, await testRun(server), { path: 'a', content: 'content' })
  whole = join(directory, 'whole')
  for await (const event of makeBackup(server, whole)) if (event.type === 'failed') throw new Error(event.message)
}, 120_000)
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const refusal = async (answer: Response): Promise<string> => `${answer.status} ${await answer.text()}`

describe('who may make a backup', () => {
  it('is not who has a key of another organization, nor another key of the owner, nor no key', async () => {
    const to = join(directory, 'forbidden')
    const stranger = await testOrganization(server)
    const created = await client(server).keys.create.mutate({ organization: server.organization, name: 'script' })
    for (const caller of [stranger, { url: server.url, apiKey: created.key }])
      expect(await refusal(await askForBackup(caller, to))).toMatch(/^403 .*owner-key of the server's data directory/)
    const answer = await rawRequest(server.url + routes.backup, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(401)
    expect(existsSync(to)).toBe(false)
  })

  it('is nobody on another machine', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.1' }
    const answer = await askForBackup(server, join(directory, 'remote'), { headers })
    expect(await refusal(answer)).toMatch(/^403 .*on the server's machine/)
  })
})

describe('where a backup may be', () => {
  it('is an absolute path, outside of the data directory, at which nothing is', async () => {
    expect(await refusal(await askForBackup(server, 'here'))).toMatch(/^400 .*backup: directory: an absolute path/)
    const inside = await askForBackup(server, join(server.dataDir, 'backup'))
    expect(await refusal(inside)).toMatch(/^400 .*is in the data directory/)
    expect(await refusal(await askForBackup(server, whole))).toMatch(/^409 .*is not empty/)
    const file = join(directory, 'file')
    await writeFile(file, '')
    expect(await refusal(await askForBackup(server, file))).toMatch(/^409 .*is a file/)
    expect(await refusal(await askForBackup(server, join(file, 'below')))).toMatch(/^400 .*a file stands in its path/)
    const taken = join(directory, 'taken')
    await mkdir(`${taken}.incomplete`)
    await writeFile(join(`${taken}.incomplete`, 'thesis.tex'), '')
    expect(await refusal(await askForBackup(server, taken))).toMatch(
      /^409 .*no backup that was cut short; move it away/,
    )
    expect(await readdir(`${taken}.incomplete`)).toEqual(['thesis.tex'])
  })

  it('is an empty directory, too', async () => {
    const empty = join(directory, 'empty')
    await mkdir(empty)
    for await (const event of makeBackup(server, empty)) expect(event.type).not.toBe('failed')
    await verifyBackup(empty)
  })
})

describe('a backup under way', () => {
  it('is the only one, and is given up when its caller leaves', async () => {
    await uploadBlob(server, new Uint8Array(96 * 1024 * 1024).fill(7))
    const left = join(directory, 'left')
    const leaving = new AbortController()
    const first = await askForBackup(server, left, { signal: leaving.signal })
    expect(first.status).toBe(200)
    const second = await askForBackup(server, join(directory, 'second'))
    expect(await refusal(second)).toMatch(/^409 .*another backup is being made/)
    leaving.abort()
    await until(async () => {
      expect((await readdir(directory)).filter((name) => name.startsWith('left'))).toEqual([])
      const shadow = await readdir(join(server.dataDir, 'clickhouse', 'shadow'))
      expect(shadow.filter((name) => name.startsWith('kiroku'))).toEqual([])
    })
    for await (const event of makeBackup(server, left)) expect(event.type).not.toBe('failed')
    await verifyBackup(left)
  })
})

describe('a restore', () => {
  const into = (): string => join(directory, `data-${Math.random()}`)

  /** A copy of the whole backup that a test may damage. */
  async function copyOf(name: string): Promise<string> {
    const copy = join(directory, name)
    await cp(whole, copy, { recursive: true })
    return copy
  }

  const contentOf = async (backup: string): Promise<string> => {
    const list = (await readFile(join(backup, 'contents.jsonl'), 'utf8')).split('\n')
    return join(backup, JSON.parse(list.find((line) => line.includes('"files/')) ?? '').path)
  }

  it('goes into an empty directory only, and leaves any other as it is', async () => {
    const taken = join(directory, 'not-empty')
    await mkdir(taken)
    await writeFile(join(taken, 'thesis.tex'), 'words')
    await expect(restoreBackup({ from: whole, dataDir: taken })).rejects.toThrow(/not empty \(it holds thesis.tex\)/)
    expect(await readdir(taken)).toContain('thesis.tex')
    await expect(restoreBackup({ from: whole, dataDir: server.dataDir })).rejects.toThrow(/in use by/)
  })

  it('puts contents of files into another directory that is asked for, when that is empty, and leaves nothing there when it fails', async () => {
    const filesDir = into()
    const names = async (path: string): Promise<string[]> =>
      (await readdir(path, { recursive: true, withFileTypes: true })).flatMap((entry) =>
        entry.isFile() ? entry.name : [],
      )
    const damaged = await copyOf('damaged-files')
    await writeFile(await contentOf(damaged), 'tnetnoc')
    await expect(restoreBackup({ from: damaged, dataDir: into(), filesDir })).rejects.toThrow(/damaged/)
    expect(await readdir(filesDir)).toEqual([])
    const dataDir = into()
    await restoreBackup({ from: whole, dataDir, filesDir })
    expect(await names(join(dataDir, 'files'))).toEqual([])
    expect(await names(filesDir)).toEqual([basename(await contentOf(whole))])
    await expect(restoreBackup({ from: whole, dataDir: into(), filesDir })).rejects.toThrow(
      /KIROKU_FILES_DIR .* not empty/,
    )
  })

  it('that was killed leaves a directory that neither a server nor another restore takes', async () => {
    const dataDir = into()
    await mkdir(dataDir)
    await writeFile(join(dataDir, 'restore-unfinished'), '')
    await mkdir(join(dataDir, 'clickhouse'))
    await expect(restoreBackup({ from: whole, dataDir })).rejects.toThrow(/was cut short: delete that directory/)
    await expect(testServer({ dataDir })).rejects.toThrow(/was cut short: delete that directory/)
  })

  it.each<[string, (backup: string) => Promise<void>, RegExp]>([
    ['with a file that changed', async (backup) => writeFile(await contentOf(backup), 'CONTENT'), /another content/],
    ['with a file that grew', async (backup) => appendFile(await contentOf(backup), '!'), /has 8 bytes, not 7/],
    ['without a file', async (backup) => rm(await contentOf(backup)), /is missing/],
    ['with another list', (backup) => appendFile(join(backup, 'contents.jsonl'), '{}\n'), /contents.jsonl is damaged/],
    ['without its list', (backup) => rm(join(backup, 'contents.jsonl')), /contents.jsonl is missing/],
    ['without its manifest', (backup) => rm(join(backup, 'manifest.json')), /not a whole backup/],
    ['with half a manifest', (backup) => writeFile(join(backup, 'manifest.json'), '{"kind'), /it is no JSON/],
  ])('refuses a backup %s, as its check does, and leaves nothing', async (name, damage, reason) => {
    const from = await copyOf(name)
    await damage(from)
    await expect(verifyBackup(from)).rejects.toThrow(reason)
    const dataDir = into()
    await expect(restoreBackup({ from, dataDir })).rejects.toThrow(reason)
    if (existsSync(dataDir)) expect((await readdir(dataDir)).filter((found) => found !== 'lock')).toEqual([])
  })

  it('refuses what is no backup, and one of a newer Kiroku', async () => {
    await expect(verifyBackup(join(directory, 'nothing'))).rejects.toThrow(/there is no directory/)
    await expect(verifyBackup(server.dataDir)).rejects.toThrow(/is not a backup/)
    const newer = await copyOf('newer')
    const path = join(newer, 'manifest.json')
    const manifest = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...manifest, version: 2 }))
    await expect(verifyBackup(newer)).rejects.toThrow(/made by a newer Kiroku \(version 2/)
    await writeFile(path, JSON.stringify({ ...manifest, migrations: [...manifest.migrations, '99990101000000_more'] }))
    await expect(restoreBackup({ from: newer, dataDir: into() })).rejects.toThrow(/migration 99990101000000_more/)
  })

  it('refuses rows that are not as many as it says', async () => {
    const other = await copyOf('other-rows')
    const path = join(other, 'manifest.json')
    const manifest = JSON.parse(await readFile(path, 'utf8'))
    const [first, ...others] = manifest.tables
    const dataDir = into()
    await writeFile(path, JSON.stringify({ ...manifest, tables: [{ ...first, rows: first.rows + 1 }, ...others] }))
    await expect(restoreBackup({ from: other, dataDir })).rejects.toThrow(/rows, not/)
  }, 240_000)
})
