import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type FileFacts, fileFactsSchema } from '@kiroku/core/files'
import { parseLine } from '../sidecar/protocol.ts'
import { Warnings } from '../warnings.ts'
import { isIgnored } from './ignore-globs.ts'
import { fileKind } from './protocol.ts'
import { say } from './say.ts'

/** The folder of a run's directory that its files are in. */
export const filesFolder = 'files'

/** The files of one run, on this disk. Nothing here throws: what cannot be kept is told. */
export class RunFiles {
  readonly #directory: string
  readonly #ignoreGlobs: readonly string[]
  readonly #warnings = new Warnings(say)
  #parts = 0

  /** `ignoreGlobs` name the files that stay on this disk. */
  constructor(directory: string, ignoreGlobs: readonly string[]) {
    this.#directory = directory
    this.#ignoreGlobs = ignoreGlobs
  }

  /** Keeps a file of the SDK's own; answers its facts when it may be sent. */
  add(path: string, mime: string, bytes: Uint8Array): FileFacts | undefined {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const facts = fileFactsSchema.safeParse({ path, mime, sha256, size: bytes.length })
    if (facts.success) return this.#keep(facts.data, bytes)
    this.#warnings.warn(path, `${path} is not kept: ${facts.error.issues[0]?.message}`)
    return undefined
  }

  /** Keeps the file that a `fileKind` message brings; answers its facts when it may be sent. */
  take(message: Uint8Array): FileFacts | undefined {
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
    const textEnd = 8 + view.getUint32(4, true)
    const text = Buffer.from(message.buffer, message.byteOffset + 8, textEnd - 8).toString()
    const facts = message[0] === fileKind ? parseLine(fileFactsSchema, text) : undefined
    if (facts !== undefined) return this.#keep(facts, message.subarray(textEnd))
    this.#warnings.warn('message', 'a file of the run is not kept: its description cannot be read')
    return undefined
  }

  /** Tells what was counted and not told. */
  close(): void {
    this.#warnings.close()
  }

  #keep(facts: FileFacts, bytes: Uint8Array): FileFacts | undefined {
    try {
      const path = join(this.#directory, filesFolder, ...facts.path.split('/'))
      mkdirSync(dirname(path), { recursive: true })
      const part = join(this.#directory, `file-${this.#parts++}.part`)
      try {
        writeFileSync(part, bytes)
        renameSync(part, path)
      } catch (cause) {
        rmSync(part, { force: true })
        throw cause
      }
    } catch (cause) {
      this.#warnings.warn('disk', `${facts.path} is not kept (${cause instanceof Error ? cause.message : cause})`)
      return undefined
    }
    return isIgnored(facts.path, this.#ignoreGlobs) ? undefined : facts
  }
}
