import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { beginFromTemplate } from '../testing/template.ts'
import { type EngineOptions, type Engines, openEngines } from './index.ts'
import { isPostgresIn } from './processes.ts'

const built = new URL('../../dist/engines/index.js', import.meta.url).href
const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

/** A process of its own that holds engines over a directory: what it printed first is its database's address, or why not. */
type EngineProcess = { child: ChildProcess; said: string; kill(): Promise<void> }

/** Opens engines from the built package in another process, as another user when `uid` is given; holds them until killed. */
async function holdEngines(
  dataDir: string,
  { uid, path = process.env['PATH'] }: { uid?: number; path?: string | undefined } = {},
): Promise<EngineProcess> {
  const script = `
    const { openEngines } = await import(${JSON.stringify(built)})
    if (${uid ?? -1} >= 0) { process.setgroups([]); process.setgid(${uid ?? -1}); process.setuid(${uid ?? -1}) }
    openEngines({ dataDir: ${JSON.stringify(dataDir)} }).then(
      (engines) => { console.log(engines.databaseUrl); setInterval(() => {}, 1000)
        process.on('SIGTERM', () => engines.close().then(() => process.exit(0))) },
      (error) => { console.log(error.name + ' ' + error.code + ' ' + error.message); process.exit(3) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: packageRoot,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = await new Promise<string>((resolve) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('\n')) resolve(text.trim())
    })
    child.once('exit', () => resolve(text.trim()))
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return { child, said, kill }
}

let base: string
let dataDir: string
beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'kiroku-engines-')))
  dataDir = join(base, 'data')
})
afterEach(() => rm(base, { recursive: true, force: true, maxRetries: 3 }))

/** Opens engines that are closed when the test is over, whatever became of it. */
async function open(options: Omit<EngineOptions, 'dataDir'> = {}): Promise<Engines> {
  const engines = await openEngines({ dataDir, ...options })
  onTestFinished(() => engines.close())
  return engines
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

const cluster = (): string => join(dataDir, 'postgres', 'cluster')

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(cluster(), 'postmaster.pid'), 'utf8')).split('\n')[0])
}

describe('a first start', () => {
  it('lays out a directory of its owner only, with a durable database in UTF-8 and UTC', async () => {
    const engines = await open()
    expect((await readdir(dataDir)).sort()).toEqual(['clickhouse', 'files', 'kiroku.json', 'lock', 'postgres', 'tmp'])
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600)
    expect(engines).toMatchObject({
      isEmbedded: true,
      dataDir,
      clickhouse: { kind: 'embedded', path: join(dataDir, 'clickhouse') },
    })
    const [settings] = await query(
      engines.databaseUrl,
      `SELECT current_setting('fsync') fsync, current_setting('synchronous_commit') commit, current_setting('TimeZone') zone,
              pg_encoding_to_char(encoding) encoding, datlocale locale, upper('ä') upper
       FROM pg_database WHERE datname = current_database()`,
    )
    expect(settings).toEqual({
      fsync: 'on',
      commit: 'on',
      zone: 'UTC',
      encoding: 'UTF8',
      locale: 'C.UTF-8',
      upper: 'Ä',
    })
  })

  it('lets nobody in without the password', async () => {
    const url = new URL((await open()).databaseUrl)
    expect(url.password).toMatch(/^[\w-]{32}$/)
    expect(url.hostname).toBe('127.0.0.1')
    url.password = 'password'
    await expect(query(url.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  })

  it('that was cut short in initdb is begun anew', async () => {
    const home = join(dataDir, 'postgres')
    const starting = holdEngines(dataDir)
    await vi.waitUntil(() => existsSync(home), { timeout: 30_000, interval: 2 })
    await vi.waitUntil(async () => (await readdir(home)).some((name) => name.startsWith('cluster.new-')), {
      timeout: 30_000,
      interval: 2,
    })
    // The holder's process id is the first word of its claim; it has printed nothing yet.
    const [claim] = await readdir(join(dataDir, 'lock'))
    process.kill(Number(claim?.split('-')[0]), 'SIGKILL')
    expect((await starting).said).toBe('')
    expect(existsSync(cluster())).toBe(false)
    expect(await query((await open()).databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})

describe('a later start', () => {
  beforeEach(() => beginFromTemplate(dataDir))

  it('finds the data, and close() leaves no process and no lock', async () => {
    const first = await open()
    await query(first.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
    const pid = await postmasterPid()
    await first.close()
    expect(isPostgresIn(pid, cluster())).toBe(false)
    expect(await readdir(join(dataDir, 'lock'))).toEqual([])
    expect(await query((await open()).databaseUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('after kill -9 of the server finds no PostgreSQL running, and loses nothing', async () => {
    const holder = await holdEngines(dataDir)
    await query(holder.said, 'CREATE TABLE kept AS SELECT 42 AS answer')
    const bound = await postmasterPid()
    await holder.kill()
    await vi.waitUntil(() => !isPostgresIn(bound, cluster()), { timeout: 30_000, interval: 20 })
    expect(await query((await open()).databaseUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('where nothing binds it to the server stops the PostgreSQL that outlived it, and loses nothing', async () => {
    const tools = join(base, 'tools')
    await mkdir(tools)
    await symlink(execFileSync('which', ['id'], { encoding: 'utf8' }).trim(), join(tools, 'id'))
    const holder = await holdEngines(dataDir, { path: tools })
    await query(holder.said, 'CREATE TABLE kept AS SELECT 42 AS answer')
    const orphan = await postmasterPid()
    await holder.kill()
    expect(isPostgresIn(orphan, cluster())).toBe(true)
    const engines = await open()
    expect(isPostgresIn(orphan, cluster())).toBe(false)
    expect(await query(engines.databaseUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('after kill -9 of the server and of PostgreSQL loses nothing', async () => {
    const holder = await holdEngines(dataDir)
    await query(holder.said, 'CREATE TABLE kept AS SELECT 42 AS answer')
    process.kill(await postmasterPid(), 'SIGKILL')
    await holder.kill()
    expect(await query((await open()).databaseUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('is not stopped by a process id that belongs to another program now', async () => {
    await (await open()).close()
    await writeFile(join(cluster(), 'postmaster.pid'), `${process.pid}\n${cluster()}\n`)
    expect(await query((await open()).databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('refuses a cluster of another PostgreSQL version', async () => {
    await (await open()).close()
    await writeFile(join(cluster(), 'PG_VERSION'), '17\n')
    await expect(open()).rejects.toThrow(/was made by PostgreSQL 17 and this is PostgreSQL 18: start it with/)
  })
})

describe('a PostgreSQL that is killed', () => {
  beforeEach(() => beginFromTemplate(dataDir))

  it('comes back at the same address', async () => {
    const { databaseUrl } = await open()
    await query(databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
    process.kill(await postmasterPid(), 'SIGKILL')
    const rows = await vi.waitFor(() => query(databaseUrl, 'SELECT answer FROM kept'), {
      timeout: 30_000,
      interval: 50,
    })
    expect(rows).toEqual([{ answer: 42 }])
  })

  it('comes back when what kept it from starting is gone, and tells meanwhile what that is', async () => {
    const troubles: string[] = []
    const { databaseUrl } = await open({ onTrouble: (message) => troubles.push(message) })
    const file = join(cluster(), 'PG_VERSION')
    await rename(file, `${file}.away`)
    process.kill(await postmasterPid(), 'SIGKILL')
    await vi.waitFor(() => expect(troubles.length).toBeGreaterThan(1), { timeout: 30_000 })
    expect(troubles[0]).toMatch(/^PostgreSQL ended and does not start again; the next try is in 1 s: /)
    await rename(`${file}.away`, file)
    await vi.waitFor(() => query(databaseUrl, 'SELECT 1 AS one'), { timeout: 30_000, interval: 50 })
  })
})

describe('a second server', () => {
  it('of the same process is refused until the first is closed', async () => {
    await beginFromTemplate(dataDir)
    const first = await open()
    await expect(open()).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/^[^\n]+ in use by [^\n]+--data$/),
    })
    await first.close()
    await expect(open()).resolves.toMatchObject({ dataDir })
  })

  it('of another process is refused, and the holder is named', async () => {
    await beginFromTemplate(dataDir)
    await open()
    const second = await holdEngines(dataDir)
    expect(second.said).toBe(
      `KirokuError CONFLICT The data directory ${dataDir} is in use by a Kiroku server (process ${process.pid}); stop it, or choose another with --data`,
    )
  })

  it('that starts at the same moment does not get in as well', async () => {
    const results = await Promise.allSettled([open(), open(), open()])
    expect(results.filter((result) => result.status === 'fulfilled').length).toBeLessThanOrEqual(1)
    for (const result of results) if (result.status === 'fulfilled') await result.value.close()
    await expect(open()).resolves.toMatchObject({ dataDir })
  })
})

describe('other databases', () => {
  it('are used in place of the embedded ones', async () => {
    const engines = await openEngines({
      dataDir,
      databaseUrl: 'postgresql://a:b@db.example/kiroku',
      clickhouseUrl: 'http://ch.example:8123',
      clickhouseCluster: 'prod',
      filesDir: join(base, 'shared', 'files'),
    })
    onTestFinished(() => engines.close())
    expect(engines).toMatchObject({
      databaseUrl: 'postgresql://a:b@db.example/kiroku',
      clickhouse: { kind: 'server', url: 'http://ch.example:8123', cluster: 'prod' },
      filesDir: join(base, 'shared', 'files'),
      isEmbedded: false,
    })
    expect(await readdir(join(dataDir, 'postgres'))).toEqual([])
    expect(await readdir(join(base, 'shared', 'files'))).toEqual([])
  })
})

const isRoot = process.getuid?.() === 0

describe.runIf(isRoot)('as root', () => {
  it('works below a directory that nobody else may enter', async () => {
    const closed = join(base, 'closed')
    await mkdir(closed, { mode: 0o700 })
    dataDir = join(closed, 'data')
    const engines = await open()
    expect(await query(engines.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect((await stat(cluster())).uid).not.toBe(0)
  })

  it("refuses an ordinary user's directory, which works for that user", async () => {
    const uid = 65_534
    const home = join(base, 'home')
    execFileSync('install', ['-d', '-o', String(uid), '-m', '0700', home])
    execFileSync('chmod', ['0711', base])
    dataDir = join(home, 'data')
    const holder = await holdEngines(dataDir, { uid })
    onTestFinished(async () => {
      holder.child.kill('SIGTERM')
      await vi.waitUntil(() => holder.child.exitCode !== null, { timeout: 30_000 })
    })
    expect(await query(holder.said, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect((await stat(cluster())).uid).toBe(uid)
    await expect(open()).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining(`belongs to user ${uid}, and this is user 0; start Kiroku as that user`),
    })
  })
})
