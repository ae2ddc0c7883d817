import type { Readable } from 'node:stream'

/** A content of an organization, by its SHA-256. */
export type BlobKey = { organizationId: string; sha256: string }

/** Bytes from `start` to `end`, both included. */
export type ByteRange = { start: number; end: number }

/** A content that came in and is not kept yet. `size` in bytes; `md5` in base64. */
export type ReceivedBlob = {
  sha256: string
  md5: string
  size: number
  /** Resolves when the content is on disk under its hash, also when it was there before. */
  keep(): Promise<void>
  /** Lets go of what was not kept. */
  drop(): Promise<void>
}

/**
 * Where contents are. It knows nothing of who has which: that is the database's. Calls throw `KirokuError` UNAVAILABLE when
 * the storage is full or fails.
 */
export type BlobStorage = {
  /** Takes a content in while it is hashed. Throws TOO_LARGE above `maxBytes`; then, and when it breaks off, nothing is left. */
  receive(organizationId: string, content: AsyncIterable<Uint8Array>, maxBytes: number): Promise<ReceivedBlob>
  /** The content from its first byte, or the bytes from `start` to `end`, both included, and the whole size; null when there is none. */
  open(key: BlobKey, range?: ByteRange): Promise<{ content: Readable; size: number } | null>
  has(key: BlobKey): Promise<boolean>
  /** Nothing happens when there is no such content. */
  delete(key: BlobKey): Promise<void>
  /** Removes all contents of an organization. */
  deleteAll(organizationId: string): Promise<void>
  /** The hashes of all contents of an organization, in parts. */
  list(organizationId: string): AsyncIterable<string[]>
  /** Removes what came in for an organization longer than `ageMs` ago and was neither kept nor dropped. */
  removeUnfinished(organizationId: string, ageMs: number): Promise<void>
}
