import { type ChildProcess, spawn } from 'node:child_process'
import { access, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { readTestEnvironment } from './env.ts'
import type { Release } from './releases.ts'

/** How a script ended, and what it told by lines `RESULT {…}`, later ones over earlier ones. */
export type Outcome = { code: number | null; output: string; result: Record<string, unknown> }

/** A script that runs. */
export type RunningScript = {
  process: ChildProcess
  /** Resolves with the first `RESULT` line. */
  told: Promise<Record<string, unknown>>
  done: Promise<Outcome>
}

export type ScriptOptions = {
  url: string
  apiKey: string
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Where its `wandb/` directory goes; a new one for each script when left out. */
  directory?: string
  /** How long it may take; 90 s when left out. */
  timeoutMs?: number
  /** Packages that it imports besides. */
  libraries?: keyof typeof libraries
}

/** A real client of one version. */
export type WandbClient = {
  version: Release
  /** Starts one of the scripts beside this file. */
  start(script: string, options: ScriptOptions): Promise<RunningScript>
  /** Runs one to its end. */
  run(script: string, options: ScriptOptions): Promise<Outcome>
  /** Runs the `wandb` command. */
  command(args: readonly string[], options: ScriptOptions): Promise<Outcome>
}

const cache = join(tmpdir(), 'kiroku-wandb-clients')
const scripts = fileURLToPath(new URL('scripts/', import.meta.url))
const { path, mustRun } = readTestEnvironment()

/**
 * The client of a version, installed once into the cache of all test runs; the reason where there is no Python or no package
 * index. Throws on a build server, where that is a failure.
 */
export async function installClient(version: Release): Promise<WandbClient | { version: Release; missing: string }> {
  try {
    const python = await barePython()
    const usual = await installLibraries('usual')
    return clientOf(version, python, [await install(`wandb-${version}`, [`wandb==${version}`]), usual])
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (mustRun) throw error
    process.stderr.write(`wandb ${version} is not tested: ${reason}\n`)
    return { version, missing: reason }
  }
}

/** Packages that scripts import: all of them, or those that train a model. */
const libraries = {
  usual: ['numpy', 'pillow', 'plotly', 'soundfile'],
  training: ['scikit-learn', 'xgboost-cpu', 'pandas'],
} as const

const installLibraries = (name: keyof typeof libraries): Promise<string> => install(`${name}-2`, libraries[name])

const installing = new Map<string, Promise<string>>()

/**
 * Packages, with what they need, in a directory of their own. They are not compiled: that takes four times as long as all else, and
 * scripts import a small part of them.
 */
const install = (name: string, packages: readonly string[]): Promise<string> =>
  once(name, ['-m', 'pip', 'install', '-q', '--no-compile', ...packages, '--target'])

/** The directory of a Python that sees no package of the machine: what a script imports is what was installed for it. */
const barePython = (): Promise<string> => once('python', ['-m', 'venv', '--without-pip'])

function once(name: string, command: readonly string[]): Promise<string> {
  const known = installing.get(name) ?? makeOnce(name, command)
  installing.set(name, known)
  return known
}

/** Runs a Python command that fills the directory named last. One that is whole has its name: several test runs may make it. */
async function makeOnce(name: string, command: readonly string[]): Promise<string> {
  const directory = join(cache, name)
  if (await isThere(directory)) return directory
  await mkdir(cache, { recursive: true })
  const partial = await mkdtemp(`${directory}.`)
  try {
    await finished(spawnPython('python3', [...command, partial], { PATH: path }), 300_000)
    await rename(partial, directory).catch(async (error: unknown) => {
      if (!(await isThere(directory))) throw error
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return directory
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

function spawnPython(python: string, args: readonly string[], env: Record<string, string>, cwd?: string): ChildProcess {
  return spawn(python, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function finished(child: ChildProcess, timeoutMs: number): Promise<void> {
  const { code, output } = await watch(child, timeoutMs).done
  if (code !== 0) throw new Error(`${child.spawnargs.slice(0, 6).join(' ')} ended with ${code}: ${output.slice(-400)}`)
}

function watch(child: ChildProcess, timeoutMs: number): RunningScript {
  const result: Record<string, unknown> = {}
  let output = ''
  let tell = (_told: Record<string, unknown>): void => {}
  const told = new Promise<Record<string, unknown>>((resolve) => {
    tell = resolve
  })
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    createInterface({ input: stream }).on('line', (line) => {
      output += `${line}\n`
      if (!line.startsWith('RESULT ')) return
      Object.assign(result, JSON.parse(line.slice('RESULT '.length)))
      tell(result)
    })
  }
  const done = new Promise<Outcome>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`the script did not end in ${timeoutMs} ms:\n${output}`))
    }, timeoutMs)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, output, result })
    })
  })
  // Whoever waits for the first line alone hears of a failure there.
  done.catch(() => {})
  const toldOrDone = Promise.race([told, done.then(({ result: all }) => all)])
  return { process: child, told: toldOrDone, done }
}

const scriptTimeoutMs = 90_000

function clientOf(version: Release, python: string, packages: readonly string[]): WandbClient {
  const bin = join(python, 'bin')
  const launch = async (args: readonly string[], options: ScriptOptions): Promise<RunningScript> => {
    const more = options.libraries === undefined ? [] : [await installLibraries(options.libraries)]
    const home = await mkdtemp(join(tmpdir(), 'kiroku-wandb-home-'))
    const directory = options.directory ?? home
    // A client keeps the code of a script that is below the directory where it runs.
    const [script = ''] = args
    if (script.endsWith('.py')) await copyFile(join(scripts, script), join(directory, script))
    const env = {
      PATH: `${bin}:${path}`,
      HOME: home,
      // What a script imports is compiled for all that come after it.
      PYTHONPYCACHEPREFIX: join(cache, 'bytecode'),
      PYTHONPATH: [...packages, ...more, scripts].join(':'),
      WANDB_BASE_URL: options.url,
      WANDB_API_KEY: options.apiKey,
      WANDB_DIR: directory,
      WANDB_ERROR_REPORTING: 'false',
      WANDB_PROJECT: 'wandb',
      ...options.env,
    }
    for (const [name, value] of Object.entries(env)) if (value === '') Reflect.deleteProperty(env, name)
    const running = watch(spawnPython(join(bin, 'python3'), args, env, directory), options.timeoutMs ?? scriptTimeoutMs)
    const done = running.done.finally(() => rm(home, { recursive: true, force: true }).catch(() => {}))
    return { ...running, done }
  }
  return {
    version,
    start: (script, options) => launch([script, ...(options.args ?? [])], options),
    run: async (script, options) => (await launch([script, ...(options.args ?? [])], options)).done,
    command: async (args, options) => (await launch(['-m', 'wandb', ...args], options)).done,
  }
}
