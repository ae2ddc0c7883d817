import type { SyncProgress } from '@kiroku/sdk/sync'
import { progressBar, type Terminal } from './terminal.ts'

type Progress = Pick<SyncProgress, 'bytes' | 'total' | 'waitsFor'>

/** One run that is being sent. */
export type SyncLine = {
  move(progress: Progress): void
  /** Takes the line away and leaves `text`, if there is any, above. */
  end(text: string | undefined): void
}

const repaintMs = 100
const longestName = 24

/** What moving runs shows: on a terminal a bar for each run that is being moved, else a line when one begins, waits or ends. */
export class SyncDisplay {
  readonly #terminal: Terminal
  readonly #total: number
  readonly #doing: string
  readonly #active = new Map<string, Progress>()
  readonly #timer: NodeJS.Timeout | undefined
  #ended = 0

  /** `doing` says what happens to a run, such as `syncing`. */
  constructor(terminal: Terminal, total: number, doing = 'syncing') {
    this.#doing = doing
    this.#terminal = terminal
    this.#total = total
    if (terminal.isInteractive) this.#timer = setInterval(() => this.#paint(), repaintMs)
  }

  begin(name: string): SyncLine {
    const key = `${name} ${this.#active.size}${this.#ended}`
    this.#active.set(key, { bytes: 0, total: 0, waitsFor: null })
    if (!this.#terminal.isInteractive) this.#terminal.say(`${name}: ${this.#doing}`)
    let toldWait: string | null = null
    return {
      move: (progress) => {
        this.#active.set(key, progress)
        if (this.#terminal.isInteractive || progress.waitsFor === toldWait) return
        toldWait = progress.waitsFor
        if (toldWait !== null) this.#terminal.say(`${name}: waiting for the server (${toldWait})`)
      },
      end: (text) => {
        this.#active.delete(key)
        this.#ended++
        if (text !== undefined) this.#terminal.say(`${name}: ${text}`)
        this.#paint()
      },
    }
  }

  /** Takes all bars away. */
  end(): void {
    clearInterval(this.#timer)
    this.#terminal.progress('')
  }

  #paint(): void {
    const lines = [...this.#active].map(([key, { bytes, total, waitsFor }]) => {
      const name = key.slice(0, key.lastIndexOf(' ')).slice(0, longestName).padEnd(longestName)
      const bar = progressBar(bytes, Math.max(1, total))
      return `${name}  ${bar}${waitsFor === null ? '' : `  waiting: ${waitsFor}`}`
    })
    if (this.#total > 1) lines.push(`${this.#ended} of ${this.#total} runs`)
    this.#terminal.progress(lines.join('\n'))
  }
}
