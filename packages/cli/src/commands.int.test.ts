import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { newApiKey } from '@kiroku/core/ids'
import { runMetricsSchema } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import { runSchema } from '@kiroku/core/runs'
import { readCredentials } from '@kiroku/sdk/credentials'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import * as z from 'zod'
import { addressOf, Bench, lastLine, type Outcome, query, readPoints, type Served } from '../test/harness.ts'
import { buildProgram } from './main.ts'

const fixture = fileURLToPath(new URL('../test/fixtures/multi-eval.trainer_state.json', import.meta.url))

const bench = new Bench()
const { base, configDir } = bench
const kiroku = (args: readonly string[], env?: Record<string, string>): Promise<Outcome> =>
  bench.kiroku(args, env && { env })
const serve = (dataDir: string, env?: Record<string, string>): Promise<Served> =>
  bench.serve(dataDir, { ...(env && { env }), isAnew: true })

const postgresOf = async (dataDir: string): Promise<number> =>
  Number((await readFile(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0])

describe('kiroku up', () => {
  const dataDir = join(base, 'up')

  it('prints one line of JSON once it answers, keeps the key for scripts, and ends cleanly on Ctrl-C', async () => {
    const server = await serve(dataDir)
    expect(server.said.stdout.match(/\n/g)).toHaveLength(1)
    expect(server.dataDir).toBe(dataDir)
    expect((await fetch(server.url + routes.ready)).status).toBe(200)
    expect(readCredentials(configDir)).toMatchObject({ default: server.url, keys: { [server.url]: server.apiKey } })
    const postgres = await postgresOf(dataDir)
    const { code, stdout } = await server.stop('SIGINT')
    expect(code).toBe(0)
    expect(stdout.match(/\n/g)).toHaveLength(1)
    expect(() => process.kill(postgres, 0)).toThrow(/ESRCH/)
    expect(readdirSync(join(dataDir, 'lock'))).toEqual([])
  })

  it('recovers after kill -9, with the same key', async () => {
    const first = await serve(dataDir)
    await first.stop('SIGKILL')
    const second = await serve(dataDir)
    expect(second.apiKey).toBe(first.apiKey)
    expect((await second.stop('SIGTERM')).code).toBe(0)
  })

  it('leaves the stored key alone where the environment has one', async () => {
    const own = join(base, 'own-config')
    const server = await serve(dataDir, { KIROKU_API_KEY: newApiKey(), KIROKU_CONFIG_DIR: own })
    expect((await server.stop('SIGINT')).code).toBe(0)
    expect(existsSync(own)).toBe(false)
  })

  it('says in one line that the port is taken, the directory foreign, or the port none', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const address = taken.address()
    const port = address !== null && typeof address === 'object' ? String(address.port) : ''
    const busy = await kiroku(['up', '--json', '--port', port, '--data', dataDir])
    expect(busy).toMatchObject({ code: 1, stdout: '' })
    expect(lastLine(busy.stderr)).toMatch(new RegExp(`^kiroku: .*${port}.*`))
    expect(busy.stderr).not.toContain('    at ')
    await writeFile(join(base, 'thesis.tex'), '')
    const foreign = await kiroku(['up', '--port', '0', '--data', base])
    expect(foreign.code).toBe(1)
    expect(lastLine(foreign.stderr)).toMatch(/^kiroku: .* is not a Kiroku data directory and is not empty .*--data$/)
    const wrong = await kiroku(['up', '--port', 'http'])
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^kiroku: option '--port <n>' argument 'http'[^\n]*\n$/),
    })
  })
})

describe('with a server', () => {
  let server: Served
  beforeAll(async () => {
    server = await bench.serve(join(base, 'served'))
  })
  afterAll(() => server.stop('SIGINT'))

  const runIdOf = (line: string): string => line.match(/\/runs\/([0-9a-f]{12})$/m)?.[1] ?? ''
  const points = (project: string, run: string, metric: string): Promise<[number, number][]> =>
    readPoints(server, { project, run, metric })

  describe('kiroku login', () => {
    it('keeps a key that the server knows, and no other', async () => {
      const env = { KIROKU_CONFIG_DIR: join(base, 'login') }
      const bad = await kiroku(['login', '--url', server.url, newApiKey()], env)
      expect(bad).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^kiroku: [^\n]* does not know this API key[^\n]*\n$/),
      })
      expect(readCredentials(env.KIROKU_CONFIG_DIR)).toEqual({ keys: {} })
      const good = await kiroku(['login', '--url', `${server.url}/`, server.apiKey], env)
      expect(good).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`Logged in to ${server.url} as owner (local).`),
      })
      expect(readCredentials(env.KIROKU_CONFIG_DIR)).toEqual({
        default: server.url,
        keys: { [server.url]: server.apiKey },
      })
    })

    it('says what is wrong with a key, an address, and a missing terminal', async () => {
      for (const [args, message] of [
        [['login', 'secret'], /^kiroku: that is no API key: [^\n]*\n$/],
        [
          ['login', '--url', 'localhost:8080', newApiKey()],
          /^kiroku: `localhost:8080` is not a server's address[^\n]*\n$/,
        ],
        [
          ['login', '--url', 'http://127.0.0.1:1', newApiKey()],
          /^kiroku: no server answers at http:\/\/127.0.0.1:1: [^\n]*\n$/,
        ],
        [['login'], /^kiroku: there is no terminal to ask for the API key[^\n]*\n$/],
      ] as const) {
        expect(await kiroku(args)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) })
      }
      const verbose = await kiroku(['--verbose', 'login', 'secret'])
      expect(verbose.stderr).toMatch(/\n\s+at /)
    })
  })

  describe('kiroku import trainer-state', () => {
    it('stores every value of the file at its step, evaluation bound to the epoch', async () => {
      const { code, stderr } = await kiroku(['import', 'trainer-state', fixture, '--project', 'exact'])
      expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('3 steps') })
      const run = runIdOf(stderr)
      const entries = z
        .object({ log_history: z.array(z.record(z.string(), z.number())) })
        .parse(JSON.parse(await readFile(fixture, 'utf8'))).log_history
      const names = new Set(entries.flatMap((entry) => Object.keys(entry)).filter((name) => name !== 'step'))
      for (const name of names) {
        const expected = new Map(
          entries.flatMap(({ step = 0, ...values }) => (name in values ? [[step, values[name]]] : [])),
        )
        expect(await points('exact', run, name)).toEqual([...expected])
      }
      const stored = await query(server, 'runs.byId', addressOf('exact', run), runSchema)
      expect(stored).toMatchObject({ state: 'finished', exitCode: 0, displayName: 'multi-eval' })
      expect(stored.config).toMatchObject({ num_train_epochs: 30, is_world_process_zero: true })
      const { definitions } = await query(server, 'metrics.byRun', addressOf('exact', run), runMetricsSchema)
      expect(definitions).toMatchObject([{ name: 'eval_*', stepMetric: 'epoch' }])
    })

    it('changes nothing the second time, nor for the gzipped copy', async () => {
      const zipped = join(base, 'copy.trainer_state.json.gz')
      await writeFile(zipped, gzipSync(await readFile(fixture)))
      const first = await kiroku(['import', 'trainer-state', fixture, '--project', 'again'])
      const run = runIdOf(first.stderr)
      const before = {
        run: await query(server, 'runs.byId', addressOf('again', run), runSchema),
        metrics: await query(server, 'metrics.byRun', addressOf('again', run), runMetricsSchema),
      }
      const second = await kiroku(['import', 'trainer-state', fixture, zipped, '--project', 'again'])
      expect(second.code).toBe(0)
      expect(second.stderr.match(/was imported before, nothing changed/g)).toHaveLength(2)
      expect(second.stderr.match(new RegExp(run, 'g'))).toHaveLength(2)
      expect({
        run: await query(server, 'runs.byId', addressOf('again', run), runSchema),
        metrics: await query(server, 'metrics.byRun', addressOf('again', run), runMetricsSchema),
      }).toEqual(before)
    })

    it('keeps non-finite numbers as they are', async () => {
      const file = join(base, 'diverged.trainer_state.json')
      await writeFile(
        file,
        '{"log_history": [{"step": 1, "loss": 2.5}, {"step": 2, "loss": NaN}, {"step": 3, "loss": Infinity}, {"step": 4, "loss": -Infinity}]}',
      )
      const { stderr } = await kiroku(['import', 'trainer-state', file, '--project', 'diverged'])
      expect(await points('diverged', runIdOf(stderr), 'loss')).toEqual([
        [1, 2.5],
        [2, Number.NaN],
        [3, Number.POSITIVE_INFINITY],
        [4, Number.NEGATIVE_INFINITY],
      ])
    })

    it('keeps first, last, lowest and highest of a long run in many batches', async () => {
      const count = 12_345
      const loss = (step: number): number => Math.fround(3 * Math.exp(-step / 4000) + Math.sin(step * 12.9898))
      const entries = Array.from({ length: count }, (_, index) => ({
        step: index + 1,
        loss: loss(index + 1),
        epoch: index / 100,
      }))
      const file = join(base, 'long.trainer_state.json')
      await writeFile(file, JSON.stringify({ log_history: entries }))
      const { stderr } = await kiroku(['import', 'trainer-state', file, '--project', 'long'])
      expect(await points('long', runIdOf(stderr), 'loss')).toEqual(
        entries.map(({ step, loss: value }) => [step, value]),
      )
    })

    it('tells a bad file in one line and still imports the others', async () => {
      const bad = join(base, 'bad.json')
      await writeFile(bad, '{"log_history": 1}')
      await mkdir(join(base, 'directory'), { recursive: true })
      const files = [join(base, 'missing.json'), bad, join(base, 'directory'), fixture]
      const { code, stderr } = await kiroku(['import', 'trainer-state', ...files, '--project', 'partly'])
      expect(code).toBe(1)
      const lines = stderr.trimEnd().split('\n')
      expect(lines).toHaveLength(4)
      expect(lines[0]).toMatch(/^kiroku: .*missing\.json: there is no such file; name a trainer_state\.json$/)
      expect(lines[1]).toMatch(/^kiroku: .*bad\.json: it has no `log_history` list; give/)
      expect(lines[2]).toMatch(/^kiroku: .*directory: it is a directory/)
      expect(runIdOf(lines[3] ?? '')).not.toBe('')
    })

    it('needs a server, a key and a project that can be one', async () => {
      const env = { KIROKU_CONFIG_DIR: join(base, 'nothing') }
      const noKey = await kiroku(['import', 'trainer-state', fixture, '--url', server.url], env)
      expect(noKey).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^kiroku: no API key for [^\n]* is known: run `kiroku login[^\n]*\n$/),
      })
      const away = await kiroku(['import', 'trainer-state', fixture], {
        KIROKU_URL: 'http://127.0.0.1:1',
        KIROKU_API_KEY: server.apiKey,
      })
      expect(away).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: no server answers[^\n]*\n$/) })
      const foreign = await kiroku(['import', 'trainer-state', fixture, '--project', 'a/b'])
      expect(foreign).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: the key for [^\n]* not to a;/) })
      const project = await kiroku(['import', 'trainer-state', fixture, '--project', 'a/b/c'])
      expect(project).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: project: [^\n]*\n$/) })
    })
  })

  describe('kiroku doctor', () => {
    it('finds everything in order, a line each', async () => {
      const { code, stdout } = await kiroku(['doctor', '--data', join(base, 'fresh')])
      expect(code).toBe(0)
      const found = new Map(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => [line.slice(6, 20).trim(), line.slice(0, 4).trim()]),
      )
      expect([...found.keys()]).toEqual([
        'node',
        'postgresql',
        'clickhouse',
        'data directory',
        'disk',
        'port',
        'dashboard',
        'server',
        'local runs',
      ])
      for (const name of ['node', 'postgresql', 'clickhouse', 'data directory', 'server', 'local runs'])
        expect(found.get(name)).toBe('ok')
      expect(existsSync(join(base, 'fresh'))).toBe(false)
    })

    it('warns of runs that are not synced', async () => {
      const env = { KIROKU_DIR: join(base, 'waiting', '.kiroku') }
      const script = bench.script('train.mjs', ['waiting', '1'], { env: { ...env, KIROKU_MODE: 'offline' } })
      expect(await script.ended).toMatchObject({ code: 0 })
      expect(await kiroku(['doctor', '--data', join(base, 'fresh')], env)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^warn {2}local runs .*1 in .*, 1 not synced: `kiroku sync` sends them$/m),
      })
    })

    it('warns of a directory in use, and fails for a foreign one', async () => {
      const inUse = await kiroku(['doctor', '--data', server.dataDir])
      expect(inUse).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^warn {2}data directory .* is in use by a Kiroku server \(process \d+\)$/m),
      })
      const foreign = await kiroku(['doctor', '--data', join(base, 'config')])
      expect(foreign).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^fail {2}data directory .* is not a Kiroku data directory/m),
      })
    })
  })
})

describe('kiroku', () => {
  it('lists its commands by what they are about, each with its options', async () => {
    const { code, stdout } = await kiroku(['--help'])
    expect(code).toBe(0)
    const listed = stdout.matchAll(/^(\w+):\n((?: {2}\S.*\n?| {4,}.*\n?)+)/gm)
    const groups = Object.fromEntries(
      [...listed].map(([, name, lines = '']) => [
        name,
        [...lines.matchAll(/^ {2}([\w-]+) /gm)].map(([, word]) => word),
      ]),
    )
    expect(groups).toMatchObject({
      Server: ['up', 'doctor', 'verify', 'usage', 'backup', 'restore-backup'],
      Runs: ['sync', 'restore', 'pull', 'clean', 'export', 'import', 'sql'],
      Settings: ['login', 'status', 'online', 'offline', 'disabled', 'enabled'],
    })
    const { commands } = buildProgram({ print() {}, say() {}, progress() {}, isInteractive: false })
    for (const name of [groups['Server'], groups['Runs'], groups['Settings']].flat()) {
      const help = commands.find((command) => command.name() === name)?.helpInformation()
      expect(help).toMatch(new RegExp(`^Usage: kiroku ${name} [^]*--help`))
    }
    const help = await kiroku(['up', '--help'])
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('--port <n>') })
  })

  it('tells its version and what it does not know', async () => {
    expect(await kiroku(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    expect(await kiroku(['uo'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^kiroku: unknown command 'uo'/),
    })
    const { stderr } = await kiroku(['synk'])
    expect(stderr).toBe("kiroku: unknown command 'synk': Did you mean sync?; kiroku --help tells more\n")
    const wrong = await kiroku(['doctor'], { KIROKU_API_KEY: 'x' })
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^kiroku: the environment variable KIROKU_API_KEY is wrong: [^\n]*\n$/),
    })
  })
})
