import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'

const lineSchema = z.looseObject({
  at: z.number(),
  begun: z.array(z.string()).optional(),
  logged: z.number().optional(),
  ended: z.boolean().optional(),
  finished: z.boolean().optional(),
})
type Line = z.infer<typeof lineSchema>

/** A training script in a process of its own, with its own local directory. */
export class Script implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'kiroku-script-'))
  readonly #output = join(this.directory, 'stdout')
  stderr = ''
  readonly child: ChildProcess
  readonly #exit: Promise<unknown>

  constructor(name: string, words: readonly string[], env: Readonly<Record<string, string>>) {
    const path = fileURLToPath(new URL(`scripts/${name}`, import.meta.url))
    const output = openSync(this.#output, 'w')
    this.child = spawn(process.execPath, [path, ...words], {
      stdio: ['ignore', output, 'pipe'],
      env: {
        PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
        KIROKU_DIR: join(this.directory, '.kiroku'),
        KIROKU_CONFIG_DIR: this.directory,
        KIROKU_LINGER_SECONDS: '20',
        ...env,
      },
    })
    this.#exit = once(this.child, 'close')
    closeSync(output)
    this.child.stderr?.setEncoding('utf8')
    this.child.stderr?.on('data', (piece: string) => {
      this.stderr += piece
    })
  }

  /** What it has told so far. */
  get lines(): Line[] {
    const whole = readFileSync(this.#output, 'utf8').split('\n').slice(0, -1)
    return whole.map((line) => lineSchema.parse(JSON.parse(line)))
  }

  /** Resolves with the exit code, or the signal, when the process is gone and its output is read. */
  async exit(): Promise<number | NodeJS.Signals | null> {
    await this.#exit
    return this.child.exitCode ?? this.child.signalCode
  }

  /** The id of its first run, once it has begun. */
  async runId(index = 0): Promise<string> {
    return until(() => this.lines.find(({ begun }) => begun !== undefined)?.begun?.[index], 'the script to begin')
  }

  /** The last row that it had logged at a time. */
  lastLogged(before: number = Number.POSITIVE_INFINITY): number {
    return this.lines.findLast(({ at, logged }) => logged !== undefined && at < before)?.logged ?? -1
  }

  /** Resolves when it has logged a row. */
  async logged(row: number): Promise<void> {
    await until(() => this.lastLogged() >= row || undefined, `row ${row} to be logged`)
  }

  /** The directories of its runs. */
  runDirectories(): string[] {
    const runs = join(this.directory, '.kiroku', 'runs')
    return existsSync(runs) ? readdirSync(runs).map((name) => join(runs, name)) : []
  }

  /** The process ids of its sidecars now, also of those that outlived it. */
  sidecars(): number[] {
    return sidecarsOf(this.directory)
  }

  /** Its sidecar's process id, once there is one that is not `except`. */
  async sidecar(except = 0): Promise<number> {
    return until(() => sidecarsOf(this.directory).find((pid) => pid !== except), 'a sidecar')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.#exit
    for (const pid of this.sidecars()) endProcess(pid)
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

/** A sidecar has its script's environment, also after its script is gone. */
function sidecarsOf(directory: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const isSidecar = readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('sidecar')
      return isSidecar && readFileSync(`/proc/${name}/environ`, 'utf8').includes(directory) ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

/** Asks again and again until there is an answer. Throws after `timeoutMs`, saying `what` it waited for. */
export async function until<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  what: string | (() => string),
  timeoutMs = 45_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
