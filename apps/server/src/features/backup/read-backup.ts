import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import {
  type BackupFile,
  type BackupManifest,
  backupFileSchema,
  backupManifestSchema,
  backupNames,
  backupVersion,
} from '@kiroku/core/backup'
import { describeIssues, KirokuError } from '@kiroku/core/errors'
import { parseJson } from '@kiroku/core/json'
import { systemCode } from '../../engines/index.ts'

/** A backup that is whole, as far as its manifest tells. */
export type Backup = {
  /** Absolute. */
  directory: string
  manifest: BackupManifest
  /** Its files; throws BAD_REQUEST at the end when the list is not the one that was written. */
  files(): AsyncIterable<BackupFile>
  /** The bytes of a file of it; throws BAD_REQUEST at the end when they are not what was written. */
  read(file: BackupFile): AsyncIterable<Buffer>
}

/** Opens a backup. Throws BAD_REQUEST for what is none, is not whole, or was made by a newer Kiroku. */
export async function openBackup(path: string): Promise<Backup> {
  const directory = resolve(path)
  const manifest = parseManifest(directory, await readManifest(directory))
  return {
    directory,
    manifest,
    files: () => readList(directory, manifest),
    read: (file) => readChecked(join(directory, ...file.path.split('/')), file),
  }
}

/** Reads every file of a backup. Throws BAD_REQUEST that names the first one that is missing or damaged. */
export async function verifyBackup(
  path: string,
  tell: (doneBytes: number, totalBytes: number) => void = () => {},
): Promise<BackupManifest> {
  const backup = await openBackup(path)
  const { manifest } = backup
  let done = 0
  for await (const file of backup.files()) {
    for await (const piece of backup.read(file)) {
      done += piece.byteLength
      tell(done, manifest.contents.bytes)
    }
  }
  return manifest
}

async function readManifest(directory: string): Promise<string> {
  try {
    return await readFile(join(directory, backupNames.manifest), 'utf8')
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') throw error
    throw refuse(await whyNoManifest(directory))
  }
}

async function whyNoManifest(directory: string): Promise<string> {
  const names = await readdir(directory).catch(() => null)
  if (names === null) {
    const isFile = await stat(directory).then(
      (facts) => facts.isFile(),
      () => false,
    )
    return isFile ? `${directory} is a file; name the directory of a backup` : `there is no directory ${directory}`
  }
  if (names.includes(backupNames.incomplete) || names.includes(backupNames.contents))
    return `${directory} is not a whole backup: making it was cut short; delete it, and use another one`
  return `${directory} is not a backup: it has no ${backupNames.manifest}`
}

function parseManifest(directory: string, text: string): BackupManifest {
  const place = join(directory, backupNames.manifest)
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch {
    throw refuse(`${place} is damaged: it is no JSON`)
  }
  const result = backupManifestSchema.safeParse(input)
  if (!result.success) throw refuse(`${place} is not what Kiroku wrote: ${describeIssues(result.error)}`)
  const { version } = result.data
  if (version > backupVersion)
    throw refuse(
      `${directory} was made by a newer Kiroku (version ${version}, this one knows ${backupVersion}); upgrade`,
    )
  return result.data
}

async function* readList(directory: string, { contents }: BackupManifest): AsyncIterable<BackupFile> {
  const place = join(directory, backupNames.contents)
  const hash = createHash('sha256')
  let count = 0
  try {
    for await (const line of createInterface({ input: piped(place, hash) })) {
      count++
      const file = backupFileSchema.safeParse(parseJson(line))
      if (!file.success) throw refuse(`${place} is damaged: line ${count}: ${describeIssues(file.error)}`)
      yield file.data
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw refuse(`the backup is damaged: ${place} is missing`)
    throw error
  }
  if (hash.digest('hex') !== contents.sha256 || count !== contents.files)
    throw refuse(`${place} is damaged: it is not the list that was written`)
}

async function* readChecked(path: string, { size, sha256 }: BackupFile): AsyncIterable<Buffer> {
  const hash = createHash('sha256')
  let read = 0
  try {
    for await (const piece of createReadStream(path)) {
      const bytes = Buffer.from(piece)
      hash.update(bytes)
      read += bytes.byteLength
      yield bytes
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw refuse(`the backup is damaged: ${path} is missing`)
    throw error
  }
  if (read !== size) throw refuse(`the backup is damaged: ${path} has ${read} bytes, not ${size}`)
  if (hash.digest('hex') !== sha256) throw refuse(`the backup is damaged: ${path} has another content than was written`)
}

function piped(path: string, hash: Hash): NodeJS.ReadableStream {
  const content = createReadStream(path)
  content.on('data', (piece) => hash.update(piece))
  return content
}

const refuse = (message: string): KirokuError => new KirokuError({ code: 'BAD_REQUEST', message })
