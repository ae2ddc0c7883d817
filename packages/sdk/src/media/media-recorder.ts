import { createHash } from 'node:crypto'
import { type FileFacts, wellKnownFiles } from '@kiroku/core/files'
import { type ImageValue, maxCaptionLength, maxImages, maxTableRows, type TableValue } from '@kiroku/core/media'
import { toWire, type Value } from '@kiroku/core/values'
import { type Converted, toValue, type Walk } from '../wire-value.ts'
import { fileKind } from '../writer/protocol.ts'
import { countInBins, Histogram } from './histogram.ts'
import { Image } from './image.ts'
import { Media } from './media.ts'
import { Table } from './table.ts'

/** The longest content of one image or table that is recorded, in bytes. */
export const maxMediaBytes = 24 * 1024 * 1024

/** Typed arrays that are longer become histograms. */
const longestList = 32
const typedArrayBins = 32
const longestKeyInPath = 100

/** Where a value stands: the metric's name, and the row's step. */
export type MediaPlace = { name: string; step: number }

/** Tells the user of something that was left out. */
export type Warn = (topic: string, text: string) => void

/** Turns what rows hold of media into what is stored, and hands their contents on as files of the run. */
export class MediaRecorder {
  readonly #send: (payload: Uint8Array) => boolean
  readonly #warn: Warn
  /** Of the value that is being recorded. */
  place: MediaPlace = { name: '', step: 0 }

  constructor(send: (payload: Uint8Array) => boolean, warn: Warn) {
    this.#send = send
    this.#warn = warn
  }

  /** What is stored for an object of a row; undefined when it is nothing special, `{ value: undefined }` for nothing. */
  readonly convert = (input: object, walk: Walk): Converted | undefined => {
    if (input instanceof Media) return { value: this.#media(input, walk) }
    if (isImageList(input)) return { value: this.#images(input) }
    if (ArrayBuffer.isView(input) && isNumberArray(input)) return this.#typedArray(input)
    return undefined
  }

  #media(media: Media, walk: Walk): Value | undefined {
    if (media instanceof Image) return this.#image(media)
    if (media instanceof Histogram) return this.#histogram(media.value)
    return media instanceof Table ? this.#table(media, walk) : undefined
  }

  #image({ bytes, caption, format, width, height }: Image): ImageValue | undefined {
    const extension = format === 'png' ? 'png' : 'jpg'
    const stored = this.#store(bytes, { folder: 'images', extension, mime: `image/${format}` })
    if (stored === undefined) return undefined
    if (caption !== undefined && caption.length > maxCaptionLength)
      this.#warn('caption', `${this.place.name}: a caption is cut after ${maxCaptionLength} characters`)
    const shown = caption === undefined ? {} : { caption: cutText(caption, maxCaptionLength) }
    return { _type: 'image-file', ...stored, format, width, height, ...shown }
  }

  #images(images: readonly Image[]): Value | undefined {
    if (images.length > maxImages) {
      this.#warn(
        'images',
        `${this.place.name}: of ${images.length} images the first ${maxImages} are recorded, ${images.length - maxImages} are not`,
      )
    }
    const stored = images.slice(0, maxImages).flatMap((image) => this.#image(image) ?? [])
    return stored.length === 0 ? undefined : { _type: 'images', images: stored }
  }

  #histogram(value: Histogram['value']): Value | undefined {
    if (value !== undefined) return value
    this.#warn('histogram', `${this.place.name}: none of the numbers is finite; the histogram is not recorded`)
    return undefined
  }

  #typedArray(numbers: Iterable<number | bigint> & { readonly length: number }): Converted | undefined {
    const [first] = numbers
    if (numbers.length === 1 && first !== undefined) return { value: toValue(first) }
    if (numbers.length <= longestList) return undefined
    return { value: this.#histogram(countInBins(Float64Array.from(numbers, Number), typedArrayBins)) }
  }

  #table({ columns, rows, cutRows }: Table, walk: Walk): TableValue | undefined {
    const { name } = this.place
    if (cutRows > 0) this.#warn('rows', `${name}: the first ${maxTableRows} rows are recorded, ${cutRows} more are not`)
    const data = rows.map((row) => row.map((cell) => toWire(toValue(cell, walk) ?? null)))
    const content = Buffer.from(JSON.stringify({ columns, data }))
    const stored = this.#store(content, { folder: 'tables', extension: 'table.json', mime: 'application/json' })
    return stored && { _type: 'table-file', ...stored, columns: [...columns], rows: rows.length }
  }

  #store(
    content: Uint8Array,
    { folder, extension, mime }: { folder: string; extension: string; mime: string },
  ): Pick<FileFacts, 'path' | 'sha256' | 'size'> | undefined {
    const { name, step } = this.place
    const size = content.length
    if (size > maxMediaBytes) {
      this.#warn('media', `${name}: ${size} bytes are more than an image or a table may have (24 MiB); not recorded`)
      return undefined
    }
    const sha256 = createHash('sha256').update(content).digest('hex')
    const key = name.replaceAll(/[^\w.-]/g, '_').slice(0, longestKeyInPath)
    const path = `${wellKnownFiles.media}/${folder}/${key}_${step}_${sha256.slice(0, 20)}.${extension}`
    if (this.#send(fileMessage({ path, sha256, size, mime }, content))) return { path, sha256, size }
    this.#warn('media', `${name}: images and tables come faster than the disk takes them; some are not recorded`)
    return undefined
  }
}

/** The message that brings a file of the run to the writer thread. */
export function fileMessage(facts: FileFacts, content: Uint8Array): Uint8Array {
  const json = Buffer.from(JSON.stringify(facts))
  const message = new Uint8Array(8 + json.length + content.length)
  message[0] = fileKind
  new DataView(message.buffer).setUint32(4, json.length, true)
  message.set(json, 8)
  message.set(content, 8 + json.length)
  return message
}

function isImageList(input: object): input is readonly Image[] {
  return Array.isArray(input) && input[0] instanceof Image && input.every((item) => item instanceof Image)
}

function isNumberArray(
  view: ArrayBufferView,
): view is ArrayBufferView & Iterable<number | bigint> & { readonly length: number } {
  return Symbol.iterator in view && 'length' in view
}

/** The text's first `length` characters, without half a surrogate pair at the end. */
function cutText(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
}
