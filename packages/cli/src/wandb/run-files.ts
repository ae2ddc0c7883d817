import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { consoleFileName, type FileFacts, fileFactsSchema, maxFileBytes } from '@kiroku/core/files'
import { hashOf } from '../file-hash.ts'
import type { ServerClient } from '../server-client.ts'

/** A file of a run on this disk: what the server is told of it, when it was changed (unix milliseconds), and where it lies. */
export type LocalFile = FileFacts & { createdAt: number; source: string }

/** The files of a run by their paths, and why each of the others is left out. */
export type RunFiles = { byPath: Map<string, LocalFile>; problems: string[] }

const hashesPerOffer = 500

/** Finds and hashes all files below a folder. `withConsole`: what the script printed is one of them, not lines of its own. */
export async function readRunFiles(directory: string, { withConsole }: { withConsole: boolean }): Promise<RunFiles> {
  const files: RunFiles = { byPath: new Map(), problems: [] }
  for (const source of (await filesBelow(directory)).sort()) {
    const path = relative(directory, source).split(sep).join('/')
    if (path === consoleFileName && !withConsole) continue
    const { size, mtimeMs } = await stat(source)
    if (size > maxFileBytes) {
      files.problems.push(`${path}: its ${size} bytes are more than a file may have (${maxFileBytes})`)
      continue
    }
    const parsed = fileFactsSchema.safeParse({ path, size, sha256: await hashOf(source), mime: mimeOf(path) })
    if (parsed.success) files.byPath.set(path, { ...parsed.data, createdAt: Math.floor(mtimeMs), source })
    else files.problems.push(`${path}: ${parsed.error.issues[0]?.message ?? 'it cannot be stored'}`)
  }
  return files
}

/** A link to a file counts as the file, as the client makes one for what a script saves; one to a folder is not followed. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => [])
  const files: string[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.push(path)
    else if (entry.isSymbolicLink() && (await stat(path).catch(() => undefined))?.isFile()) files.push(path)
  }
  return files
}

const mimes: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  json: 'application/json',
  html: 'text/html',
  txt: 'text/plain',
  log: 'text/plain',
  patch: 'text/plain',
  md: 'text/markdown',
  py: 'text/x-python',
  yaml: 'text/yaml',
  yml: 'text/yaml',
  csv: 'text/csv',
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  webm: 'video/webm',
}

function mimeOf(path: string): string {
  return mimes[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream'
}

/** Uploads the contents that the server lacks. */
export async function uploadFiles(client: ServerClient, files: Iterable<LocalFile>): Promise<void> {
  const sources = new Map([...files].map(({ sha256, source }) => [sha256, source]))
  const hashes = [...sources.keys()]
  for (let from = 0; from < hashes.length; from += hashesPerOffer) {
    const missing = await client.missingContents(hashes.slice(from, from + hashesPerOffer))
    for (const sha256 of missing) await client.putFile(sha256, sources.get(sha256) ?? '')
  }
}
