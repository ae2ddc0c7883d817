import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FileFacts } from '@kiroku/core/files'
import type { WireValue } from '@kiroku/core/values'
import type { ExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { type MediaFiles, neededFiles, toKirokuMedia } from '@kiroku/wandb-format/media-values'
import { readTableFile } from '@kiroku/wandb-format/table-file'
import type { ServerClient } from '../server-client.ts'
import type { LocalFile } from './run-files.ts'

/** A value that was logged with files. `added`: contents that were made for it, which are uploaded already. */
export type LoggedMedia = { value: WireValue; added: FileFacts[] }

type ShownTable = NonNullable<ReturnType<MediaFiles['table']>>

/** A longer table is a file of the run, and not shown. */
const maxTableBytes = 64 * 1024 * 1024

/** Turns media of a log into Kiroku's, by the run's files on this disk. */
export class MediaReader {
  /** What was cut or could not be shown, a sentence each. */
  readonly problems: string[] = []
  readonly #client: ServerClient
  readonly #files: ReadonlyMap<string, LocalFile>

  constructor(client: ServerClient, files: ReadonlyMap<string, LocalFile>) {
    this.#client = client
    this.#files = files
  }

  async read(metric: string, record: ExtendedRecord): Promise<LoggedMedia> {
    const tables = new Map<string, ShownTable>()
    const added: FileFacts[] = []
    for (const path of neededFiles(record).tables) {
      const table = await this.#table(metric, path)
      if (table === undefined) continue
      tables.set(path, table.shown)
      if (table.copy) added.push(table.copy)
    }
    const value = toKirokuMedia(record, {
      content: (path) => {
        const file = this.#files.get(path)
        return file && { path, sha256: file.sha256, size: file.size }
      },
      table: (path) => tables.get(path),
    })
    return { value, added }
  }

  /** A table that is not in Kiroku's form gets a copy beside it that is. */
  async #table(metric: string, path: string): Promise<{ shown: ShownTable; copy: FileFacts | null } | undefined> {
    const file = this.#files.get(path)
    if (file === undefined || file.size > maxTableBytes) {
      this.problems.push(`${metric}: the table ${path} is ${file ? 'too large to be shown' : 'not among the files'}`)
      return undefined
    }
    try {
      const { content, cutRows, cutColumns, isSame } = readTableFile(await readFile(file.source, 'utf8'))
      if (cutRows > 0) this.problems.push(`${metric}: of the table ${path} the last ${cutRows} rows are not shown`)
      if (cutColumns > 0) this.problems.push(`${metric}: of the table ${path} ${cutColumns} columns are not shown`)
      const { columns } = content
      const rows = content.data.length
      if (isSame) return { shown: { path, sha256: file.sha256, size: file.size, columns, rows }, copy: null }
      const copy = await this.#copy(path, Buffer.from(JSON.stringify(content)))
      return { shown: { path: copy.path, sha256: copy.sha256, size: copy.size, columns, rows }, copy }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      this.problems.push(`${metric}: the table ${path} cannot be shown: ${why}`)
      return undefined
    }
  }

  async #copy(path: string, content: Buffer<ArrayBuffer>): Promise<FileFacts> {
    const sha256 = createHash('sha256').update(content).digest('hex')
    const [missing] = await this.#client.missingContents([sha256])
    if (missing !== undefined) await this.#client.putContent(sha256, content)
    const shownPath = path.replace(/(?:\.table)?\.json$/, '').concat('.shown.table.json')
    return { path: shownPath, sha256, size: content.length, mime: 'application/json' }
  }
}
