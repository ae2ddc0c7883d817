import { createHash } from 'node:crypto'
import { type ImageValue, maxImages } from '@kiroku/core/media'
import type { WireValue } from '@kiroku/core/values'
import { textOf } from '../proto.ts'
import type { Picture, SummaryValue } from './event.ts'
import { fromOldHistogram, fromTensor } from './histograms.ts'
import type { Tensor } from './tensor.ts'

/** A picture as a file of the run. */
export type PictureFile = { path: string; sha256: string; size: number; mime: string; content: Uint8Array<ArrayBuffer> }

/** What a summary's value is in Kiroku: a number, something else with its files, or nothing, with what it was. */
export type ReadValue =
  | { kind: 'number'; value: number }
  | { kind: 'other'; value: WireValue; files: PictureFile[] }
  | { kind: 'left out'; what: string }

const leftOut = (what: string): ReadValue => ({ kind: 'left out', what })

/** Reads a value of the tag that belongs to `plugin`, at a step. */
export function readSummaryValue(value: SummaryValue, plugin: string | undefined, step: number): ReadValue {
  const { tag, scalar, histogram, picture, tensor } = value
  if (scalar !== undefined) return { kind: 'number', value: scalar }
  if (histogram !== undefined) return ofHistogram(fromOldHistogram(histogram))
  if (picture !== undefined) return ofPictures([picture], tag, step)
  if (tensor !== undefined) return ofTensor(tensor, { tag, plugin, step })
  return leftOut(value.hasAudio ? 'audio' : 'empty values')
}

function ofHistogram(value: WireValue | undefined): ReadValue {
  return value === undefined ? leftOut('empty histograms') : { kind: 'other', value, files: [] }
}

type Origin = { tag: string; plugin: string | undefined; step: number }

function ofTensor(tensor: Tensor, { tag, plugin, step }: Origin): ReadValue {
  if (plugin === 'histograms') return ofHistogram(fromTensor(tensor))
  if (plugin === 'images') return ofPictures(picturesOf(tensor), tag, step)
  if (plugin !== undefined && plugin !== '' && plugin !== 'scalars' && plugin !== 'text') return leftOut(plugin)
  const { numbers, strings } = tensor
  const [number] = numbers ?? []
  if (numbers?.length === 1 && number !== undefined) return { kind: 'number', value: number }
  if (strings === null || strings.length === 0) return leftOut('tensors')
  const texts = strings.map(textOf)
  return { kind: 'other', value: tensor.shape.length === 0 ? (texts[0] ?? '') : texts, files: [] }
}

/** Width and height as text, then the encoded pictures. */
function picturesOf({ strings }: Tensor): Picture[] {
  const [width, height, ...pictures] = strings ?? []
  if (width === undefined || height === undefined) return []
  const size = { width: Number(textOf(width)), height: Number(textOf(height)) }
  return pictures.map((bytes) => ({ ...size, bytes }))
}

function ofPictures(pictures: readonly Picture[], tag: string, step: number): ReadValue {
  const read = pictures.flatMap((picture) => readPicture(picture, tag, step) ?? [])
  if (read.length === 0) return leftOut('images that are neither PNG nor JPEG')
  if (read.length > maxImages) return leftOut(`sets of more than ${maxImages} images`)
  const files = read.map(({ file }) => file)
  const images = read.map(({ image }) => image)
  const [only] = images
  const value: WireValue = images.length === 1 && only ? only : { _type: 'images', images }
  return { kind: 'other', value, files }
}

function readPicture(
  { width, height, bytes }: Picture,
  tag: string,
  step: number,
): { image: ImageValue; file: PictureFile } | undefined {
  const format = formatOf(bytes)
  if (format === undefined || !(width > 0 && height > 0)) return undefined
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const name = tag.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 128)
  const path = `media/images/${name}_${step}_${sha256.slice(0, 20)}.${format}`
  const stored = { path, sha256, size: bytes.length }
  return {
    image: { _type: 'image-file', ...stored, format, width, height },
    file: { ...stored, mime: `image/${format}`, content: bytes.slice() },
  }
}

function formatOf(bytes: Uint8Array): 'png' | 'jpeg' | undefined {
  if (bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47) return 'png'
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff ? 'jpeg' : undefined
}
