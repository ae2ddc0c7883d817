import { readFileSync } from 'node:fs'
import { KirokuError } from '@kiroku/core/errors'
import { cleanText } from '@kiroku/core/values'
import { type ImageFacts, readImageFacts } from './image-header.ts'
import { Media } from './media.ts'

/** What is said about an image: `caption` stands below it. */
export type ImageOptions = { caption?: string }

/** A PNG or JPEG image: its bytes, or the path of its file, which is read at once. */
export class Image extends Media {
  readonly bytes: Uint8Array
  readonly caption: string | undefined
  readonly format: ImageFacts['format']
  /** In pixels. */
  readonly width: number
  /** In pixels. */
  readonly height: number

  /** Throws `KirokuError` when the file cannot be read, or when it is neither PNG nor JPEG. */
  constructor(source: Uint8Array | ArrayBuffer | string, { caption }: ImageOptions = {}) {
    super()
    this.bytes = typeof source === 'string' ? readImageFile(source) : bytesOf(source)
    const facts = readImageFacts(this.bytes)
    if (facts === undefined) {
      throw new KirokuError({
        code: 'BAD_REQUEST',
        message: `image: ${typeof source === 'string' ? source : `these ${this.bytes.length} bytes`} are neither PNG nor JPEG`,
      })
    }
    if (caption !== undefined && typeof caption !== 'string')
      throw new KirokuError({ code: 'BAD_REQUEST', message: `image: a caption is text, not ${typeof caption}` })
    this.caption = caption === undefined ? undefined : cleanText(caption)
    this.format = facts.format
    this.width = facts.width
    this.height = facts.height
  }
}

function readImageFile(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KirokuError({ code: 'NOT_FOUND', message: `image: cannot read ${path}: ${why}`, cause })
  }
}

/** A copy, so that what the caller does to its buffer afterwards changes nothing. */
function bytesOf(source: Uint8Array | ArrayBuffer): Uint8Array {
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice(0))
  if (source instanceof Uint8Array) return Uint8Array.from(source)
  throw new KirokuError({ code: 'BAD_REQUEST', message: 'image: pass the bytes of a PNG or JPEG, or the path of one' })
}
