import { type MediaValue, mediaValueSchema } from '@kiroku/core/media'
import { type MediaFileKind, mediaFilesOf } from '@kiroku/core/media-files'
import type { Run } from '@kiroku/core/runs'
import { flatten, fromWireRecord, type Value, type WireRecord } from '@kiroku/core/values'
import { formatCount } from '../format/numbers.ts'
import { ownValue } from '../ui/own-value.ts'

const flattened = new WeakMap<WireRecord, Record<string, Value>>()

const leaf = (value: unknown): Value => {
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
    return value
  return Array.isArray(value) ? value.map(leaf) : String(value)
}

/** Logged media in a few words. */
function mediaText(value: MediaValue): string {
  switch (value._type) {
    case 'image-file':
      return `image, ${value.width} × ${value.height}`
    case 'images':
      return `${value.images.length} images`
    case 'histogram':
      return `histogram, ${formatCount(value.values.reduce((sum, count) => sum + count, 0))} values`
    case 'table-file':
      return `table, ${formatCount(value.rows)} rows`
    default: {
      const { kind, files } = mediaFilesOf(value)
      const word = fileWords[kind]
      return files.length === 1 ? word : `${formatCount(files.length)} × ${word}`
    }
  }
}

const fileWords: Readonly<Record<MediaFileKind, string>> = {
  audio: 'audio',
  video: 'video',
  html: 'HTML',
  plotly: 'Plotly figure',
  object3d: '3D object',
  molecule: 'molecule',
  bokeh: 'Bokeh figure',
  graph: 'graph',
}

/** The record with media, at any depth, in words. */
function withoutMedia(record: WireRecord): WireRecord {
  const replaced = Object.entries(record).map(([key, value]) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return [key, value] as const
    const media = '_type' in value ? mediaValueSchema.safeParse(value).data : undefined
    return [key, media === undefined ? withoutMedia(value) : mediaText(media)] as const
  })
  return Object.fromEntries(replaced)
}

/** A config's or summary's values by dotted key; images, histograms and tables in words. */
export function flatValues(record: WireRecord): Readonly<Record<string, Value>> {
  const known = flattened.get(record)
  if (known !== undefined) return known
  const values = flatten(fromWireRecord(withoutMedia(record)), leaf)
  flattened.set(record, values)
  return values
}

/** The run's summary of a metric; of one with summary operations the best, last, lowest or highest that is kept. */
export function summaryValue(run: Pick<Run, 'summary'>, metric: string): Value | undefined {
  const values = flatValues(run.summary)
  const keys = [metric, ...['best', 'last', 'min', 'max', 'mean'].map((operation) => `${metric}.${operation}`)]
  return ownValue(values, keys.find((key) => Object.hasOwn(values, key)) ?? metric)
}
