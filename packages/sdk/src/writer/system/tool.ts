import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import { searchPath } from './env.ts'

const defaultTimeoutMs = 5_000
/** A tool that is missing or fails is not asked again before this. */
const retryMs = 60_000
const maxOutputBytes = 4 * 1024 * 1024

/** What a tool said: `output` of a call that ended well, else `complaint`, all that it wrote. */
export type ToolAnswer = { output: string } | { complaint: string }

/** A program of the machine that is asked now and then. Silent where it is missing, fails or hangs. */
export class Tool {
  readonly #name: string
  readonly #timeoutMs: number
  #notBefore = 0

  constructor(name: string, timeoutMs: number = defaultTimeoutMs) {
    this.#name = name
    this.#timeoutMs = timeoutMs
  }

  /** False for a minute after the tool was missing or did not work. */
  get isReady(): boolean {
    return performance.now() >= this.#notBefore
  }

  /** Asks it. Undefined when it is not there or hung until its time was over, and was ended then. Never throws. */
  async ask(words: readonly string[]): Promise<ToolAnswer | undefined> {
    if (!this.isReady) return undefined
    const path = findProgram(this.#name)
    const answer = path === undefined ? undefined : await run(path, words, this.#timeoutMs)
    if (answer === undefined) this.rest()
    return answer
  }

  /** Leaves it alone for a minute. */
  rest(): void {
    this.#notBefore = performance.now() + retryMs
  }
}

/** Looked for by hand, because to start a process that cannot be costs a fork of the whole script. */
function findProgram(name: string): string | undefined {
  const file = process.platform === 'win32' ? `${name}.exe` : name
  return searchPath()
    .map((directory) => join(directory, file))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return statSync(path).isFile()
      } catch {
        return false
      }
    })
}

function run(path: string, words: readonly string[], timeoutMs: number): Promise<ToolAnswer | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes, windowsHide: true } as const
    try {
      const child = execFile(path, words, options, (error, output, complaint) => {
        clearTimeout(patience)
        if (error === null) resolve({ output })
        else resolve(error.killed || typeof error.code === 'string' ? undefined : { complaint: output + complaint })
      })
      // What a hung tool has started may hold its output open after it is ended.
      const patience = setTimeout(() => {
        child.kill('SIGKILL')
        child.stdout?.destroy()
        child.stderr?.destroy()
        resolve(undefined)
      }, timeoutMs + 200)
    } catch {
      resolve(undefined)
    }
  })
}
