import {
  type ImageValue,
  imagesValueSchema,
  maxCaptionLength,
  maxHistogramBins,
  maxImages,
  mediaValueSchema,
  type TableValue,
  tableValueSchema,
} from '@kiroku/core/media'
import { type WireRecord, type WireValue, wireRecordSchema } from '@kiroku/core/values'
import * as z from 'zod'
import type { ExtendedRecord, ExtendedValue } from './extended-json.ts'
import { toNumber, toText, toWireDocument } from './wire.ts'

/** A content that a media value names, as it is stored. */
export type StoredContent = { path: string; sha256: string; size: number }

/**
 * What is known of the files that a media value names; undefined for one that is not there (yet). `table` tells which content
 * is shown for a table's file: itself, or its copy in Kiroku's form (`readTableFile`).
 */
export type MediaFiles = {
  content(path: string): StoredContent | undefined
  table(path: string): (StoredContent & { columns: readonly string[]; rows: number }) | undefined
}

/** Rows that were added to a table since it was logged last, in a file of a table's form. */
const incrementType = 'incremental-table-file'
const tableTypes = ['table-file', incrementType] as const
const keptIncrementSchema = tableValueSchema.extend({ increment_num: z.number() })
const keptImagesSchema = imagesValueSchema.loose()
const separatedSchema = z.object({ _type: z.literal('images/separated'), filenames: z.array(z.string()) })
const toldTableSchema = z.object({ _type: z.literal(tableTypes), path: z.string() })

/** Where the copy of a table's file is that has Kiroku's form. */
export const shownTablePath = (path: string): string => `${path.replace(/\.table\.json$/, '')}.kiroku.table.json`

/** True for a record that is one value and not a nested one: an image, a table, a histogram, whatever has a `_type`. */
export function isMedia(record: ExtendedRecord): boolean {
  return typeof record['_type'] === 'string'
}

const isTable = ({ _type }: ExtendedRecord): boolean => tableTypes.some((type) => type === _type)

/** The files that `toKirokuMedia` asks for; all other files that a value names are only kept in it. */
export function neededFiles(record: ExtendedRecord): { contents: string[]; tables: string[] } {
  const path = toText(record['path'], 4096)
  if (isTable(record)) return { contents: [], tables: path === undefined ? [] : [path] }
  if (record['_type'] === 'images/separated') return { contents: imagePaths(record), tables: [] }
  return { contents: [], tables: [] }
}

/**
 * A media value as Kiroku has it, in wire form: images, lists of images, tables and histograms that the dashboard shows.
 * Everything else, and what lacks a file or breaks a limit, is kept as it came.
 */
export function toKirokuMedia(record: ExtendedRecord, files: MediaFiles): WireValue {
  const value = convert(record, files)
  if (value === undefined || !mediaValueSchema.safeParse(value).success) return toWireDocument(record)
  return value
}

/**
 * A media value as clients know it, of one as Kiroku has it: lists of images are told by their files, and the rows that were added
 * to a table are no table. All else stays as it is.
 */
export function fromKirokuMedia(value: WireValue): WireValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (keptIncrementSchema.safeParse(value).success) return { ...value, _type: incrementType }
  const parsed = keptImagesSchema.safeParse(value)
  const [first] = parsed.data?.images ?? []
  if (!parsed.success || !first) return value
  const { images, _type, ...rest } = parsed.data
  return {
    ...wireRecordSchema.parse(rest),
    _type: 'images/separated',
    width: first.width,
    height: first.height,
    format: first.format,
    count: images.length,
    filenames: images.map(({ path }) => path),
    ...(images.some(({ caption }) => caption) && { captions: images.map(({ caption }) => caption ?? '') }),
  }
}

/**
 * Whether a media value that a client tells of is the one that is kept in Kiroku's form: whether it names the same files. A client
 * tells of what it logged last with every summary, for which no files are looked up.
 */
export function isKeptMedia(kept: WireValue | undefined, told: WireValue): boolean {
  const images = imagesValueSchema.safeParse(kept).data?.images
  const separated = separatedSchema.safeParse(told).data?.filenames
  if (images && separated)
    return images.length === separated.length && images.every(({ path }, index) => path === separated[index])
  const shown = tableValueSchema.safeParse(kept).data?.path
  const table = toldTableSchema.safeParse(told).data?.path
  return table !== undefined && (shown === table || shown === shownTablePath(table))
}

function convert(record: ExtendedRecord, files: MediaFiles): WireRecord | undefined {
  switch (record['_type']) {
    case 'image-file':
      return { ...toWireDocument(record), format: formatOf(record), ...captionOf(record['caption']) }
    case 'images/separated':
      return imagesOf(record, files)
    case 'table-file':
    case incrementType:
      return tableOf(record, files)
    case 'histogram':
      return histogramOf(record)
    default:
      return undefined
  }
}

function formatOf(record: ExtendedRecord): string {
  const path = toText(record['path'], 4096) ?? ''
  const format = (toText(record['format'], 16) ?? path.slice(path.lastIndexOf('.') + 1)).toLowerCase()
  return format === 'jpg' ? 'jpeg' : format
}

function captionOf(caption: ExtendedValue | undefined): { caption?: string } {
  const text = toText(caption, maxCaptionLength)
  return text === undefined ? {} : { caption: text }
}

function imagePaths(record: ExtendedRecord): string[] {
  const { filenames } = record
  const names = Array.isArray(filenames) ? filenames : []
  return names.slice(0, maxImages).flatMap((name) => (typeof name === 'string' ? [name] : []))
}

/** The client tells the size of the first image alone; the others are said to have it too. */
function imagesOf(record: ExtendedRecord, files: MediaFiles): WireRecord | undefined {
  const { captions, width, height, filenames, _type, ...rest } = record
  if (!Array.isArray(filenames) || filenames.length > maxImages) return undefined
  const texts = Array.isArray(captions) ? captions : []
  const images: WireValue[] = []
  for (const [index, path] of imagePaths(record).entries()) {
    const stored = files.content(path)
    if (stored === undefined) return undefined
    images.push({
      _type: 'image-file' satisfies ImageValue['_type'],
      ...stored,
      format: formatOf({ path, ...(record['format'] === undefined ? {} : { format: record['format'] }) }),
      width: toNumber(width) ?? 0,
      height: toNumber(height) ?? 0,
      ...captionOf(texts[index]),
    })
  }
  return { ...toWireDocument(rest), _type: 'images', images }
}

function tableOf(record: ExtendedRecord, files: MediaFiles): WireRecord | undefined {
  const table = files.table(toText(record['path'], 4096) ?? '')
  if (table === undefined) return undefined
  const { columns, ...rest } = table
  const _type = 'table-file' satisfies TableValue['_type']
  return { ...toWireDocument(record), ...rest, _type, columns: [...columns] }
}

function histogramOf(record: ExtendedRecord): WireRecord | undefined {
  let values = numbersOf(record['values'])
  let bins = numbersOf(record['bins']) ?? packedBins(record['packedBins'])
  if (values === undefined || bins === undefined || bins.length !== values.length + 1) return undefined
  while (values.length > maxHistogramBins) {
    values = values.flatMap((count, index, all) => (index % 2 === 0 ? [count + (all[index + 1] ?? 0)] : []))
    bins = bins.filter((_, index, all) => index % 2 === 0 || index === all.length - 1)
  }
  return { _type: 'histogram', values, bins }
}

function numbersOf(value: ExtendedValue | undefined): number[] | undefined {
  if (!Array.isArray(value)) return undefined
  const numbers = value.flatMap((item) => toNumber(item) ?? [])
  return numbers.length === value.length ? numbers : undefined
}

/** Edges of bins of one width, as older clients say them. */
function packedBins(value: ExtendedValue | undefined): number[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const [min, size, count] = [toNumber(value['min']), toNumber(value['size']), toNumber(value['count'])]
  if (min === undefined || size === undefined || count === undefined || !(count >= 0 && count <= 100_000))
    return undefined
  return Array.from({ length: Math.floor(count) + 1 }, (_, index) => min + index * size)
}
