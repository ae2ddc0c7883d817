import type { Readable } from 'node:stream'
import { KirokuError } from '@kiroku/core/errors'
import { type FileFacts, maxFileBytes, type RunFile } from '@kiroku/core/files'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import type { BlobStorage, ByteRange, ReceivedBlob } from './blob-storage.ts'
import type { BlobsRepository } from './blobs.repository.ts'
import type { FilesRepository } from './files.repository.ts'

/** A file whose content comes with it. */
export type NewFile = Pick<FileFacts, 'path' | 'mime'>

/** What a run has at a path. `size` in bytes. */
export type StoredFile = Pick<FileFacts, 'path' | 'sha256' | 'size'>

/** A content as it is stored. `size` in bytes. */
export type ContentFacts = Pick<FileFacts, 'sha256' | 'size'>

/** A content that is being read. `size` is that of the whole, in bytes. */
export type OpenContent = { content: Readable; size: number }

/** The part of a scope that tells whose contents are meant. */
type OrganizationOnly = Pick<OrganizationScope, 'organizationId'>

/** Contents, and the files of runs that name them. */
export type FilesService = {
  /** Those of the contents that must be uploaded before a file may name them, each once. */
  offer(scope: OrganizationScope, hashes: readonly string[]): Promise<{ missing: string[] }>
  /**
   * Keeps a content of at most `maxBytes` (a file of a run); resolves when it is on disk. The same content may come any number of times, at once too. Throws
   * BAD_REQUEST when it has another hash, TOO_LARGE, UNAVAILABLE when there is no room or too many come at once.
   */
  put(scope: OrganizationScope, sha256: string, content: AsyncIterable<Uint8Array>, maxBytes?: number): Promise<void>
  /**
   * Those of the contents that are stored, by their MD5 in base64. They are not removed for a day, named or not. Contents that
   * came before MD5s were kept are not found.
   */
  offerByMd5(scope: OrganizationOnly, md5s: readonly string[]): Promise<Map<string, ContentFacts>>
  /**
   * Keeps a content that some part of Kiroku then names; resolves when it is on disk. With `md5` (base64) it must have that.
   * Throws as `put` does.
   */
  keep(
    scope: OrganizationOnly,
    content: AsyncIterable<Uint8Array>,
    expected: { maxBytes: number; md5?: string | undefined },
  ): Promise<ContentFacts>
  /** The bytes of a content or a range of them, and its whole size; null when this server's storage lacks it. */
  openContent(scope: OrganizationOnly, sha256: string, range?: ByteRange): Promise<OpenContent | null>
  /**
   * Keeps a content of whatever hash, and gives it to a run as the file at `path`, in the place of one that was there; resolves
   * when that is on disk. Throws NOT_FOUND for an unknown run, and as `put` does.
   */
  attach(scope: ProjectScope, run: string, file: NewFile, content: AsyncIterable<Uint8Array>): Promise<StoredFile>
  /** Takes files from a run; their contents go when nothing names them. Throws NOT_FOUND for an unknown run. */
  detach(scope: ProjectScope, run: string, paths: readonly string[]): Promise<void>
  /** Those of the paths at which a run has a file. Throws NOT_FOUND for an unknown run. */
  find(scope: ProjectScope, run: string, paths: readonly string[]): Promise<RunFile[]>
  /** A run's files, by path. Throws NOT_FOUND for an unknown run. */
  list(scope: ProjectScope, run: string): Promise<RunFile[]>
  /** MD5s (base64) of a run's files by their paths, of those that came since they are kept. Throws NOT_FOUND for an unknown run. */
  md5s(scope: ProjectScope, run: string): Promise<Map<string, string>>
  /** What a run has at a path. Throws NOT_FOUND for an unknown run, and when it has no file there. */
  byPath(scope: ProjectScope, run: string, path: string): Promise<RunFile>
  /** The bytes of a file or a range of them, and its whole size. Throws NOT_FOUND when this server's storage lacks them. */
  open(scope: ProjectScope, file: RunFile, range?: ByteRange): Promise<OpenContent>
  /** Removes contents that no file names and that were not offered for `keptMs`, and what uploads left; `signal` ends it. */
  sweep(keptMs: number, signal?: AbortSignal): Promise<void>
  /** Has no content removed while `work` is done: a sweep under way ends first, and those that begin meanwhile do nothing. */
  withoutSweeps<T>(work: () => Promise<T>): Promise<T>
}

const maxUploads = 64
const retryAfterMs = 1000

/** Keeps contents in `storage`, and which there are in the database. */
export function createFilesService(
  storage: BlobStorage,
  { blobs, files }: { blobs: BlobsRepository; files: FilesRepository },
): FilesService {
  let uploads = 0
  let holds = 0
  let sweeping: { done: Promise<void>; stop: AbortController } | undefined

  const sweepOnce = async (keptMs: number, signal: AbortSignal): Promise<void> => {
    const remove = storage.delete
    await blobs.forgetUnnamed(keptMs, remove, signal)
    for (const organizationId of await blobs.listOrganizations()) {
      if (signal.aborted) return
      await storage.removeUnfinished(organizationId, keptMs)
      for await (const hashes of storage.list(organizationId)) {
        if (signal.aborted) return
        await blobs.removeUnknown(organizationId, hashes, remove)
      }
    }
  }

  const keep = async (
    scope: Pick<OrganizationScope, 'organizationId'>,
    content: AsyncIterable<Uint8Array>,
    check: (received: ReceivedBlob) => void = () => {},
    maxBytes = maxFileBytes,
  ): Promise<ContentFacts> => {
    if (uploads >= maxUploads)
      throw new KirokuError({
        code: 'UNAVAILABLE',
        message: `${maxUploads} files are being uploaded, as many as are taken at once`,
        details: { retryAfterMs },
      })
    uploads++
    try {
      const received = await storage.receive(scope.organizationId, content, maxBytes)
      try {
        check(received)
        await blobs.record(scope, received, () => received.keep())
        return { sha256: received.sha256, size: received.size }
      } finally {
        await received.drop()
      }
    } finally {
      uploads--
    }
  }

  return {
    async offer(scope, hashes) {
      const { organizationId } = scope
      const asked = [...new Set(hashes)]
      const known = await blobs.offer(scope, asked)
      // A content that is remembered and gone, as when a disk was replaced, is asked for again.
      const isThere = await Promise.all(
        asked.map((sha256) => known.has(sha256) && storage.has({ organizationId, sha256 })),
      )
      return { missing: asked.filter((_, index) => !isThere[index]) }
    },

    async put(scope, sha256, content, maxBytes) {
      const check = (received: ReceivedBlob): void => {
        if (received.sha256 === sha256) return
        const message = `the content came with the SHA-256 ${received.sha256}, not ${sha256}`
        throw new KirokuError({ code: 'BAD_REQUEST', message })
      }
      await keep(scope, content, check, maxBytes)
    },

    async offerByMd5(scope, md5s) {
      const { organizationId } = scope
      const known = await blobs.offerByMd5(scope, [...new Set(md5s)])
      const found = [...known]
      const isThere = await Promise.all(found.map(([, { sha256 }]) => storage.has({ organizationId, sha256 })))
      return new Map(found.filter((_, index) => isThere[index]))
    },

    keep: (scope, content, { maxBytes, md5 }) =>
      keep(
        scope,
        content,
        (received) => {
          if (md5 === undefined || received.md5 === md5) return
          const message = `the content came with the MD5 ${received.md5}, not ${md5}; send it again`
          throw new KirokuError({ code: 'BAD_REQUEST', message })
        },
        maxBytes,
      ),

    openContent: ({ organizationId }, sha256, range) => storage.open({ organizationId, sha256 }, range),

    async attach(scope, run, { path, mime }, content) {
      // Before the content comes, which may be long.
      await files.find(scope, run, [])
      const { sha256, size } = await keep(scope, content)
      await files.attach(scope, run, { path, mime, sha256, size })
      return { path, sha256, size }
    },

    detach: (scope, run, paths) => files.detach(scope, run, paths),
    find: (scope, run, paths) => files.find(scope, run, paths),

    list: (scope, run) => files.list(scope, run),
    md5s: (scope, run) => files.md5s(scope, run),
    byPath: (scope, run, path) => files.byPath(scope, run, path),

    async open({ organizationId }, { path, sha256 }, range) {
      const opened = await storage.open({ organizationId, sha256 }, range)
      if (opened) return opened
      throw new KirokuError({ code: 'NOT_FOUND', message: `the content of ${path} is not on this server's disk` })
    },

    async sweep(keptMs, signal) {
      if (holds > 0) return
      const stop = new AbortController()
      const done = sweepOnce(keptMs, signal ? AbortSignal.any([signal, stop.signal]) : stop.signal)
      const current = { done, stop }
      sweeping = current
      try {
        await done
      } finally {
        if (sweeping === current) sweeping = undefined
      }
    },

    async withoutSweeps(work) {
      holds++
      try {
        sweeping?.stop.abort()
        await sweeping?.done.catch(() => {})
        return await work()
      } finally {
        holds--
      }
    },
  }
}
