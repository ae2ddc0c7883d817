import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const sdk = new URL('../dist/index.js', import.meta.url).href

/** The text of a program that imports the SDK, wherever it is stored. */
export function programText(body: string): string {
  return `import * as kiroku from ${JSON.stringify(sdk)}\n${body}\n`
}

/** How a program ended, and what it wrote to standard error. */
export type Ended = { exitCode: number; stderr: string }

/** Runs programs that are stored anywhere, with a local directory of their own. */
export class Programs implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'kiroku-programs-'))
  readonly #env: Readonly<Record<string, string>>

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env
    mkdirSync(join(this.directory, 'config'))
  }

  /** Runs a program in a working directory to its end. */
  run(program: string, cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const settings = {
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      KIROKU_DIR: join(this.directory, '.kiroku'),
      KIROKU_CONFIG_DIR: join(this.directory, 'config'),
      ...this.#env,
      ...env,
    }
    return new Promise((resolve) => {
      execFile(process.execPath, [program], { cwd, env: settings }, (error, _output, stderr) => {
        resolve({ exitCode: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stderr })
      })
    })
  }

  /** The paths of the files that a run keeps on this disk, sorted. */
  localFiles(run: string): string[] {
    const directory = join(this.localRun(run), 'files')
    try {
      return readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile())
        .map((file) => join(file.parentPath, file.name).slice(directory.length + 1))
        .sort()
    } catch {
      return []
    }
  }

  /** A run's own directory on this disk. */
  localRun(run: string): string {
    const runs = join(this.directory, '.kiroku', 'runs')
    return join(runs, readdirSync(runs).find((name) => name.endsWith(`-${run}`)) ?? 'none')
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }
}
