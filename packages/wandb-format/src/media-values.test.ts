import { mediaValueSchema } from '@kiroku/core/media'
import { describe, expect, it } from 'vitest'
import { type ExtendedRecord, parseExtendedRecord } from './extended-json.ts'
import {
  fromKirokuMedia,
  isKeptMedia,
  type MediaFiles,
  neededFiles,
  shownTablePath,
  toKirokuMedia,
} from './media-values.ts'

const sha256 = 'a'.repeat(64)
const none: MediaFiles = { content: () => undefined, table: () => undefined }
const all: MediaFiles = {
  content: (path) => ({ path, sha256, size: 5 }),
  table: (path) => ({ path: shownTablePath(path), sha256, size: 6, columns: ['a', 'b'], rows: 2 }),
}
const image = (more: ExtendedRecord = {}): ExtendedRecord => ({
  _type: 'image-file',
  format: 'png',
  width: 6,
  height: 4,
  size: 69,
  sha256,
  path: 'media/images/img_5_d6.png',
  ...more,
})

describe('images', () => {
  it('are what they were, masks and boxes too', () => {
    const value = toKirokuMedia(image({ caption: 'cap', masks: { m: { _type: 'mask', path: 'x' } } }), none)
    expect(value).toEqual(image({ caption: 'cap', masks: { m: { _type: 'mask', path: 'x' } } }))
    expect(mediaValueSchema.safeParse(value).success).toBe(true)
  })

  it('know jpg by its name here, and have captions of a length that can be kept', () => {
    expect(toKirokuMedia(image({ format: 'JPG', caption: 'c'.repeat(5000) }), none)).toMatchObject({
      format: 'jpeg',
      caption: 'c'.repeat(4096),
    })
  })

  it('of a form that is not shown are kept as they came', () => {
    expect(toKirokuMedia(image({ format: 'tiff' }), none)).toEqual(image({ format: 'tiff' }))
    expect(toKirokuMedia(image({ path: '../x.png' }), none)).toEqual(image({ path: '../x.png' }))
  })

  const list: ExtendedRecord = {
    _type: 'images/separated',
    width: 6,
    height: 4,
    format: 'png',
    count: 2,
    filenames: ['media/images/i_0.png', 'media/images/i_1.png'],
    captions: ['0', '1'],
  }
  it('that were logged together are one value, once their files are known', () => {
    const { contents } = neededFiles(list)
    expect(contents).toEqual(list['filenames'])
    expect(toKirokuMedia(list, all)).toEqual({
      _type: 'images',
      count: 2,
      format: 'png',
      images: ['0', '1'].map((caption) => ({
        ...{ _type: 'image-file', path: `media/images/i_${caption}.png`, sha256, size: 5 },
        ...{ format: 'png', width: 6, height: 4, caption },
      })),
    })
    expect(toKirokuMedia(list, none)).toEqual(list)
  })

  it('beyond the limit are kept as they came', () => {
    const many = { ...list, filenames: Array.from({ length: 109 }, (_, index) => `media/images/${index}.png`) }
    expect(toKirokuMedia(many, all)).toEqual(many)
  })
})

describe('histograms', () => {
  it('are values and edges', () => {
    expect(toKirokuMedia({ _type: 'histogram', values: [1, 2], bins: [0, 1, 2] }, none)).toEqual({
      _type: 'histogram',
      values: [1, 2],
      bins: [0, 1, 2],
    })
  })

  it('of older clients have bins of one width', () => {
    const packed = { _type: 'histogram', values: [1, 2], packedBins: { min: -1, size: 0.5, count: 2 } }
    expect(toKirokuMedia(packed, none)).toEqual({ _type: 'histogram', values: [1, 2], bins: [-1, -0.5, 0] })
  })

  it('with more bins than are kept have neighbours put together', () => {
    const values = Array.from({ length: 1025 }, () => 1)
    const bins = Array.from({ length: 1026 }, (_, index) => index)
    const value = mediaValueSchema.parse(toKirokuMedia({ _type: 'histogram', values, bins }, none))
    expect(value._type === 'histogram' && value.values.length).toBe(257)
    expect(value._type === 'histogram' && value.values.reduce((sum, count) => sum + count)).toBe(1025)
    expect(value._type === 'histogram' && [value.bins[0], value.bins.at(-1)]).toEqual([0, 1025])
  })

  it.each(['{"_type":"histogram","values":[1],"bins":[0,NaN]}', '{"_type":"histogram","values":[1,2],"bins":[0,1]}'])(
    'that are none are kept as they came: %s',
    (text) => expect(mediaValueSchema.safeParse(toKirokuMedia(parseExtendedRecord(text), none)).success).toBe(false),
  )
})

it('gives a table its columns once its file is known', () => {
  const table = {
    _type: 'table-file',
    path: 'media/table/t.table.json',
    sha256,
    size: 9,
    ncols: 2,
    nrows: 2,
    log_mode: 'IMMUTABLE',
  }
  expect(neededFiles(table)).toEqual({ contents: [], tables: ['media/table/t.table.json'] })
  expect(toKirokuMedia(table, none)).toEqual(table)
  expect(toKirokuMedia(table, all)).toEqual({
    ...table,
    path: 'media/table/t.kiroku.table.json',
    size: 6,
    columns: ['a', 'b'],
    rows: 2,
  })
})

it('shows the rows that were added to a table as one, and gives clients back what they are', () => {
  const added = {
    _type: 'incremental-table-file',
    path: 'media/table/t.table.json',
    sha256,
    size: 9,
    increment_num: 1,
    previous_increments_paths: ['wandb-client-artifact://a/0-1.t.table.json'],
    ncols: 2,
    nrows: 4,
    log_mode: 'INCREMENTAL',
  }
  expect(neededFiles(added)).toEqual({ contents: [], tables: ['media/table/t.table.json'] })
  expect(toKirokuMedia(added, none)).toEqual(added)
  const kept = toKirokuMedia(added, all)
  expect(mediaValueSchema.parse(kept)).toMatchObject({ _type: 'table-file', columns: ['a', 'b'], rows: 2 })
  const { path: _path, size: _size, ...same } = added
  expect(fromKirokuMedia(kept)).toMatchObject(same)
  expect(isKeptMedia(kept, added)).toBe(true)
  expect(isKeptMedia(kept, fromKirokuMedia(kept))).toBe(true)
})

it.each(['audio-file', 'video-file', 'html-file', 'plotly-file', 'object3D-file', 'something-new'])(
  'keeps %s as it came',
  (type) => {
    const value = { _type: type, path: `media/x.${type}`, sha256, size: 1, $odd: 1 }
    expect(toKirokuMedia(value, all)).toEqual({ _type: type, path: `media/x.${type}`, sha256, size: 1, $$odd: 1 })
  },
)

it('lists of images are for clients what they came as, and all else as it is kept', () => {
  const list = {
    _type: 'images/separated',
    width: 6,
    height: 4,
    format: 'png',
    count: 2,
    filenames: ['media/a.png', 'media/b.png'],
    captions: ['one', ''],
  }
  const kept = toKirokuMedia(list, all)
  expect(kept).toMatchObject({ _type: 'images' })
  expect(fromKirokuMedia(kept)).toEqual(list)
  for (const other of [image(), { _type: 'images', images: [] }, { _type: 'images', images: [1] }, 5, null])
    expect(fromKirokuMedia(JSON.parse(JSON.stringify(other)))).toEqual(other)
})

it('are kept where what is kept names the same files', () => {
  const list = { _type: 'images/separated', width: 6, height: 4, format: 'jpg', count: 1, filenames: ['media/a.jpg'] }
  const table = { _type: 'table-file', path: 'media/t.table.json', sha256, size: 9, ncols: 2, nrows: 2 }
  const others = { list: { ...list, filenames: ['media/b.jpg'] }, table: { ...table, path: 'media/u.table.json' } }
  for (const [told, other] of [
    [list, others.list],
    [table, others.table],
  ] as const) {
    const kept = toKirokuMedia(told, all)
    expect(kept).not.toEqual(told)
    expect(isKeptMedia(kept, told)).toBe(true)
    expect(isKeptMedia(kept, other)).toBe(false)
    expect(isKeptMedia(toKirokuMedia(told, none), other)).toBe(false)
    for (const none of [undefined, 1, null, {}]) expect(isKeptMedia(none, told)).toBe(false)
  }
  expect(isKeptMedia(toKirokuMedia(list, all), { ...list, filenames: [] })).toBe(false)
})
