import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodePoints } from '@kiroku/core/points'
import { routes } from '@kiroku/core/routes'
import { type Run, runSchema } from '@kiroku/core/runs'
import { beginFromTemplate } from '@kiroku/testkit'
import { afterAll, expect, vi } from 'vitest'
import * as z from 'zod'

const program = fileURLToPath(new URL('../bin/kiroku.mjs', import.meta.url))

export type Outcome = { code: number | null; stdout: string; stderr: string }

type LaunchOptions = { env?: Record<string, string>; cwd?: string }

/** A process and what it has said so far. `ended` resolves when all of it is read. */
export type Launched = {
  child: ChildProcess
  said: { stdout: string; stderr: string }
  ended: Promise<Outcome>
}

const readySchema = z.strictObject({ url: z.string(), apiKey: z.string(), dataDir: z.string() })

/** A server of `kiroku up --json`. */
export type Served = Launched & z.infer<typeof readySchema> & { stop(signal: NodeJS.Signals): Promise<Outcome> }

/** A directory of its own for a test file, with its own home and config, which goes when the file is over. */
export class Bench {
  readonly base = realpathSync(mkdtempSync(join(tmpdir(), 'kiroku-cli-')))
  readonly configDir = join(this.base, 'config')
  /** The command's own file, for what `launch` does not do. */
  readonly program = program
  readonly #children = new Set<ChildProcess>()

  constructor() {
    afterAll(async () => {
      for (const child of this.#children) child.kill('SIGKILL')
      await rm(this.base, { recursive: true, force: true, maxRetries: 5 })
    })
  }

  /** Starts a command, a script or a program without anything of this process' settings. */
  start(file: string, args: readonly string[], { env = {}, cwd = this.base }: LaunchOptions = {}): Launched {
    const own = {
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: this.base,
      KIROKU_CONFIG_DIR: this.configDir,
      KIROKU_LOG_LEVEL: 'silent',
      NODE_NO_WARNINGS: '1',
      KIROKU_LINGER_SECONDS: '10',
    }
    const child = spawn(file, args, { cwd, env: { ...own, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#children.add(child)
    const said = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      said.stdout += piece
    })
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      said.stderr += piece
    })
    const ended = once(child, 'close').then((): Outcome => {
      this.#children.delete(child)
      return { code: child.exitCode, ...said }
    })
    return { child, said, ended }
  }

  launch(args: readonly string[], options?: LaunchOptions): Launched {
    const launched = this.start(process.execPath, [program, ...args], options)
    launched.child.stdin?.end()
    return launched
  }

  /** Runs the command to its end. */
  kiroku(args: readonly string[], options?: LaunchOptions): Promise<Outcome> {
    return this.launch(args, options).ended
  }

  /** Starts a script of `test/scripts`. Its standard input stays open. */
  script(name: string, args: readonly string[], options?: LaunchOptions): Launched {
    const path = fileURLToPath(new URL(`scripts/${name}`, import.meta.url))
    return this.start(process.execPath, [path, ...args], options)
  }

  /** A server; killed when the file is over. `isAnew`: it makes its data directory itself, as at its first start. */
  async serve(
    dataDir: string,
    { port = 0, env, isAnew = false }: { port?: number; env?: Record<string, string>; isAnew?: boolean } = {},
  ): Promise<Served> {
    if (!isAnew && env?.['DATABASE_URL'] === undefined) await beginFromTemplate(dataDir)
    const args = ['up', '--json', '--port', String(port), '--data', dataDir]
    const launched = this.launch(args, env && { env })
    const { child, said } = launched
    await vi.waitUntil(() => said.stdout.includes('\n') || child.exitCode !== null, { timeout: 45_000 })
    if (child.exitCode !== null) throw new Error(said.stderr)
    const stop = async (signal: NodeJS.Signals): Promise<Outcome> => {
      child.kill(signal)
      return launched.ended
    }
    return { ...launched, ...readySchema.parse(JSON.parse(said.stdout)), stop }
  }
}

/** A GET with the server's key. */
export const get = (server: Served, path: string): Promise<Response> =>
  fetch(server.url + path, { headers: { authorization: `Bearer ${server.apiKey}` } })

/** Asks a procedure. */
export async function query<T>(server: Served, procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T> {
  const response = await get(server, `${routes.trpc}/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`)
  return z.object({ result: z.object({ data: schema }) }).parse(await response.json()).result.data
}

export const addressOf = (project: string, run: string) => ({ organization: 'local', project, run })

export const storedRun = (server: Served, project: string, run: string): Promise<Run> =>
  query(server, 'runs.byId', addressOf(project, run), runSchema)

/** Every point of a metric, as step and value. */
export async function readPoints(
  server: Served,
  { project, run, metric }: { project: string; run: string; metric: string },
): Promise<[number, number][]> {
  const search = new URLSearchParams({ ...addressOf(project, run), metric, stream: 'history' })
  const response = await get(server, `${routes.points}?${search}`)
  expect(response.status).toBe(200)
  const { steps, values } = decodePoints(new Uint8Array(await response.arrayBuffer()))
  return [...steps].map((step, index) => [step, values[index] ?? 0])
}

/** Expects rows 0 to `count - 1` of `train.mjs`, each once. */
export async function expectRows(server: Served, run: string, count: number, project = 'demo'): Promise<void> {
  const expected = Array.from({ length: count }, (_, row): [number, number] => [row, row])
  expect(await readPoints(server, { project, run, metric: 'row' })).toEqual(expected)
  expect(await readPoints(server, { project, run, metric: 'wave' })).toEqual(
    expected.map(([row]) => [row, Math.sin(row)]),
  )
}

export const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''
