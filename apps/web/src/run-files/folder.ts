import type { RunFile } from '@kiroku/core/files'

/** A line of a folder: a file, or a folder with all that is below it. Size in bytes, `createdAt` of the newest. */
export type FolderEntry = {
  kind: 'folder' | 'file'
  name: string
  /** A folder's ends with `/`. */
  path: string
  size: number
  createdAt: number
  mime: string
  /** Files below a folder; 1 for a file. */
  count: number
}

const collator = new Intl.Collator('en', { numeric: true })

/** What a folder holds, folders first, by name. `folder` ends with `/`, or is empty for all. */
export function entriesOf(files: readonly RunFile[], folder: string): FolderEntry[] {
  const entries = new Map<string, FolderEntry>()
  for (const { path, size, createdAt, mime } of files) {
    if (!path.startsWith(folder)) continue
    const rest = path.slice(folder.length)
    const slash = rest.indexOf('/')
    if (slash < 0) {
      entries.set(rest, { kind: 'file', name: rest, path, size, createdAt, mime, count: 1 })
      continue
    }
    const name = rest.slice(0, slash)
    const known = entries.get(`${name}/`)
    entries.set(`${name}/`, {
      kind: 'folder',
      name,
      path: `${folder}${name}/`,
      size: (known?.size ?? 0) + size,
      createdAt: Math.max(known?.createdAt ?? createdAt, createdAt),
      mime: '',
      count: (known?.count ?? 0) + 1,
    })
  }
  return [...entries.values()].toSorted(
    (one, other) =>
      Number(one.kind === 'file') - Number(other.kind === 'file') || collator.compare(one.name, other.name),
  )
}

/** The folder that a path is in: the path itself where it is one. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** The folders that lead to a folder, from the outermost on. */
export function crumbsOf(folder: string): { name: string; path: string }[] {
  const names = folder.split('/').slice(0, -1)
  return names.map((name, index) => ({ name, path: `${names.slice(0, index + 1).join('/')}/` }))
}

/** How a file is shown. */
export type FileView = 'image' | 'audio' | 'video' | 'diff' | 'json' | 'text' | 'none'

const textNames =
  /\.(txt|md|log|csv|tsv|ya?ml|toml|ini|cfg|conf|env|sh|py|ipynb|[cm]?[jt]sx?|rs|go|java|kt|c|h|cc|cpp|hpp|cu|css|html?|xml|svg|sql|rb|php|lua|r|jl|swift|diff|patch|lock)$/i

/** Decides by type and name how a file is shown. */
export function viewOf({ path, mime }: Pick<RunFile, 'path' | 'mime'>): FileView {
  const [type = ''] = mime.split(';')
  if (/^image\/(?:png|jpeg|gif|webp|bmp)$/.test(type)) return 'image'
  if (/\.(patch|diff)$/i.test(path) || type === 'text/x-diff' || type === 'text/x-patch') return 'diff'
  if (/\.json$/i.test(path) || type === 'application/json') return 'json'
  if (
    type.startsWith('text/') ||
    textNames.test(path) ||
    /^(?:.*\/)?(?:Makefile|Dockerfile|LICENSE|README)$/.test(path)
  )
    return 'text'
  if (type.startsWith('audio/')) return 'audio'
  if (type.startsWith('video/')) return 'video'
  return 'none'
}
