import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

/** A text file that is written row by row, and what came of it. Disposed of before it is finished, it stays as far as it is. */
export class RowsFile implements AsyncDisposable {
  readonly #stream: ReturnType<typeof createWriteStream>
  readonly #hash = createHash('sha256')
  #failure: unknown
  count = 0

  constructor(path: string) {
    this.#stream = createWriteStream(path)
    this.#stream.on('error', (cause) => {
      this.#failure = cause
    })
  }

  /** Appends whole rows, each with its end of line. Waits while the disk is behind. */
  async add(rows: string, count: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#hash.update(rows)
    this.count += count
    if (!this.#stream.write(rows)) await once(this.#stream, 'drain')
  }

  /** Resolves with how many rows it has and their SHA-256 when all are written. */
  async finish(): Promise<{ count: number; sha256: string }> {
    this.#stream.end()
    await finished(this.#stream)
    return { count: this.count, sha256: this.#hash.digest('hex') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stream.closed) return
    this.#stream.destroy()
    await once(this.#stream, 'close').catch(() => {})
  }
}
