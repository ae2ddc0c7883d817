import { KirokuError } from '@kiroku/core/errors'
import type { RunFile } from '@kiroku/core/files'
import { readEnvironment } from '@kiroku/wandb-format/environment'
import { parseExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { type MediaFiles, type StoredContent, shownTablePath } from '@kiroku/wandb-format/media-values'
import { readTableFile } from '@kiroku/wandb-format/table-file'
import type { ProjectScope } from '../../../http/scopes.ts'
import type { FilesService } from '../../files/index.ts'
import type { RunsRepository } from '../../runs/index.ts'
import { mimeOf } from './mime.ts'

/** The files that media values name. `isThere` tells of those that have come, whether they can be shown or not. */
export type KnownMediaFiles = MediaFiles & { isThere(path: string): boolean }

/** Files of runs that clients upload. */
export type WandbFilesService = {
  /**
   * Keeps what a client uploads as the run's file at `path`, in the place of one that was there. Throws as
   * `FilesService.attach` does.
   */
  receive(scope: ProjectScope, run: string, path: string, content: AsyncIterable<Uint8Array>): Promise<void>
  /** Looks up the files that logged media are shown by; makes a table's copy in Kiroku's form where that is another one. */
  forMedia(
    scope: ProjectScope,
    run: string,
    paths: { contents: readonly string[]; tables: readonly string[] },
  ): Promise<KnownMediaFiles>
}

export type WandbFilesOptions = {
  files: Pick<FilesService, 'attach' | 'find' | 'open'>
  runs: Pick<RunsRepository, 'byId' | 'update'>
}

const metadataPath = 'wandb-metadata.json'
/** Larger documents are kept as files and not read. */
const maxMetadataBytes = 1024 * 1024
const maxTableBytes = 32 * 1024 * 1024

type StoredTable = StoredContent & { columns: readonly string[]; rows: number }

export function createWandbFilesService({ files, runs }: WandbFilesOptions): WandbFilesService {
  const textOf = async (scope: ProjectScope, file: RunFile): Promise<string> => {
    const { content } = await files.open(scope, file)
    const pieces: Buffer[] = []
    for await (const piece of content) pieces.push(Buffer.from(piece))
    return Buffer.concat(pieces).toString()
  }

  const readMetadata = async (scope: ProjectScope, run: string): Promise<void> => {
    const [file] = await files.find(scope, run, [metadataPath])
    if (!file || file.size > maxMetadataBytes) return
    const record = await readOrNull(async () => parseExtendedRecord(await textOf(scope, file)))
    if (!record) return
    const { host: known } = await runs.byId(scope, run)
    const { git, host } = readEnvironment(record, null)
    const facts = { host: { ...known, ...host }, ...(Object.keys(git).length > 0 && { git }) }
    await runs.update(scope, run, { set: {}, facts })
  }

  const tableOf = async (scope: ProjectScope, run: string, file: RunFile): Promise<StoredTable | null> => {
    if (file.size > maxTableBytes) return null
    return readOrNull(async () => {
      const { content, isSame } = readTableFile(await textOf(scope, file))
      const described = { columns: content.columns, rows: content.data.length }
      if (isSame) return { path: file.path, sha256: file.sha256, size: file.size, ...described }
      const path = shownTablePath(file.path)
      const bytes = Buffer.from(JSON.stringify(content))
      return { ...(await files.attach(scope, run, { path, mime: 'application/json' }, once(bytes))), ...described }
    })
  }

  return {
    async receive(scope, run, path, content) {
      await files.attach(scope, run, { path, mime: mimeOf(path) }, content)
      if (path === metadataPath) await readMetadata(scope, run)
    },

    async forMedia(scope, run, { contents, tables }) {
      const found = await files.find(scope, run, [...contents, ...tables])
      const byPath = new Map(found.map((file) => [file.path, file]))
      const shown = new Map<string, StoredTable>()
      for (const path of tables) {
        const file = byPath.get(path)
        const table = file && (await tableOf(scope, run, file))
        if (table) shown.set(path, table)
      }
      return {
        content: (path) => {
          const file = byPath.get(path)
          return file && { path, sha256: file.sha256, size: file.size }
        },
        table: (path) => shown.get(path),
        isThere: (path) => byPath.has(path),
      }
    },
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** What a client uploads need not be what its name says. */
async function readOrNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof KirokuError && error.code === 'BAD_REQUEST') return null
    throw error
  }
}
