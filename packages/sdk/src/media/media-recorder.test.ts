import { createHash } from 'node:crypto'
import { type FileFacts, fileFactsSchema } from '@kiroku/core/files'
import { imageValueSchema, mediaValueSchema, tableContentSchema } from '@kiroku/core/media'
import { describe, expect, it } from 'vitest'
import { pngBytes } from '../../test/pictures.ts'
import { recordKinds } from '../log/format.ts'
import { RowRecorder } from '../row-recorder.ts'
import { fileKind } from '../writer/protocol.ts'
import { Histogram } from './histogram.ts'
import { Image } from './image.ts'
import { Table } from './table.ts'

type Sent = { facts: FileFacts; content: Buffer }

/** Records one row at step 7. `values` are what is no number, by metric; `order` is the kinds of what was sent. */
function record(row: Record<string, unknown>, { takesFiles = true } = {}) {
  const files: Sent[] = []
  const order: number[] = []
  const values: Record<string, unknown> = {}
  const warnings: string[] = []
  const send = (payload: Uint8Array): boolean => {
    if (payload[0] === fileKind) {
      if (!takesFiles) return false
      const bytes = Buffer.from(payload)
      const end = 8 + bytes.readUInt32LE(4)
      const facts = fileFactsSchema.parse(JSON.parse(bytes.toString('utf8', 8, end)))
      files.push({ facts, content: bytes.subarray(end) })
    }
    order.push(payload[0] ?? 0)
    return true
  }
  const sink = {
    sawNumber: () => {},
    sawText: (name: string, value: unknown) => {
      values[name] = value
    },
  }
  const recorder = new RowRecorder(
    send,
    sink,
    () => {},
    (_, text) => warnings.push(text),
  )
  const outcome = recorder.row(row, { step: 7, time: 0, commits: true, isExplicit: true })
  return { outcome, files, order, values, warnings, numbers: [...recorder.trackers.keys()] }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('1.5 media in a row', () => {
  it('puts an image in a file of the run, before the row', () => {
    const bytes = pngBytes(3, 2)
    const hash = sha256(bytes)
    const { files, order, values } = record({ 'val/an image': new Image(bytes, { caption: 'a cat' }) })
    const path = `media/images/val_an_image_7_${hash.slice(0, 20)}.png`
    expect(values['val/an image']).toEqual({
      _type: 'image-file',
      path,
      sha256: hash,
      size: bytes.length,
      format: 'png',
      width: 3,
      height: 2,
      caption: 'a cat',
    })
    expect(imageValueSchema.parse(values['val/an image'])).toEqual(values['val/an image'])
    expect(files).toEqual([
      { facts: { path, sha256: hash, size: bytes.length, mime: 'image/png' }, content: Buffer.from(bytes) },
    ])
    expect(order).toEqual([fileKind, recordKinds.key, recordKinds.row])
  })

  it('takes images at any depth, and in lists', () => {
    const [one, two] = [new Image(pngBytes(1, 1)), new Image(pngBytes(2, 2))]
    const { values, files } = record({ a: { b: one }, list: [one, two], mixed: [{ shown: one, label: 'x' }] })
    expect(values['a.b']).toMatchObject({ _type: 'image-file', width: 1 })
    expect(values['list']).toMatchObject({ _type: 'images', images: [{ width: 1 }, { width: 2 }] })
    expect(values['mixed']).toMatchObject([{ shown: { _type: 'image-file' }, label: 'x' }])
    expect(mediaValueSchema.parse(values['list'])).toEqual(values['list'])
    expect(files.map(({ facts }) => facts.path.replace(/_[0-9a-f]{20}/, ''))).toEqual([
      'media/images/a.b_7.png',
      'media/images/list_7.png',
      'media/images/list_7.png',
      'media/images/mixed_7.png',
    ])
  })

  it('records 108 images of a list, and tells of the rest', () => {
    const { values, warnings } = record({ many: Array(110).fill(new Image(pngBytes(1, 1))) })
    expect(mediaValueSchema.parse(values['many'])).toMatchObject({ images: { length: 108 } })
    expect(warnings).toEqual(['many: of 110 images the first 108 are recorded, 2 are not'])
  })

  it('cuts a caption that is too long, and tells it', () => {
    const { values, warnings } = record({ a: new Image(pngBytes(1, 1), { caption: `${'x'.repeat(4095)}😀` }) })
    expect(imageValueSchema.parse(values['a']).caption).toBe('x'.repeat(4095))
    expect(warnings).toEqual(['a: a caption is cut after 4096 characters'])
  })

  it('puts a table in a file', () => {
    const table = new Table([
      { a: 1, b: Number.NaN },
      { b: new Date(0), c: 'x' },
    ])
    const { values, files } = record({ table })
    expect(mediaValueSchema.parse(values['table'])).toEqual(values['table'])
    expect(values['table']).toMatchObject({ _type: 'table-file', columns: ['a', 'b', 'c'], rows: 2 })
    expect(files[0]?.facts).toMatchObject({
      path: expect.stringMatching(/^media\/tables\/table_7_[0-9a-f]{20}\.table\.json$/),
      mime: 'application/json',
    })
    expect(tableContentSchema.parse(JSON.parse(files[0]?.content.toString() ?? ''))).toEqual({
      columns: ['a', 'b', 'c'],
      data: [
        [1, { $n: 'NaN' }, null],
        [null, '1970-01-01T00:00:00.000Z', 'x'],
      ],
    })
  })

  it('records 10 000 rows of a table, and tells of the rest', () => {
    const table = new Table({ columns: ['n'], rows: Array.from({ length: 10_003 }, (_, index) => [index]) })
    const { values, warnings } = record({ table })
    expect(values['table']).toMatchObject({ rows: 10_000 })
    expect(warnings).toEqual(['table: the first 10000 rows are recorded, 3 more are not'])
  })

  it('refuses a table whose rows do not fit', () => {
    expect(() => new Table({ columns: ['a'], rows: [[1], [1, 2]] })).toThrow('row 1 has 2 cells, there are 1 columns')
    expect(() => new Table({ columns: Array(1001).fill('a'), rows: [] })).toThrow('1001 columns are more than 1000')
  })

  it('goes on without what is too large, or finds no room', () => {
    const large = new Table({ columns: ['a'], rows: [['x'.repeat(25 * 1024 * 1024)]] })
    const tooLarge = record({ large, loss: 1 })
    expect(tooLarge.outcome).toEqual({ kind: 'recorded' })
    expect([tooLarge.values, tooLarge.numbers]).toEqual([{}, ['loss']])
    expect(tooLarge.warnings[0]).toContain('24 MiB')
    const noRoom = record({ image: new Image(pngBytes(1, 1)), loss: 1 }, { takesFiles: false })
    expect([noRoom.values, noRoom.numbers]).toEqual([{}, ['loss']])
    expect(noRoom.warnings[0]).toContain('faster than the disk takes them')
  })
})

describe('1.5 typed arrays in a row', () => {
  it('are a number, a list or a histogram by their length', () => {
    const { values, numbers } = record({
      one: Float32Array.of(0.5),
      big: BigInt64Array.of(7n),
      few: new Int16Array(32),
      many: Float64Array.from({ length: 33 }, (_, index) => (index === 0 ? Number.NaN : index)),
      list: Array(40).fill(1),
      none: new Float32Array(0),
    })
    expect(numbers).toEqual(['one', 'big'])
    expect(values['few']).toEqual(Array(32).fill(0))
    expect(values['list']).toEqual(Array(40).fill(1))
    expect(values['none']).toEqual([])
    expect(mediaValueSchema.parse(values['many'])).toMatchObject({
      _type: 'histogram',
      values: { length: 32 },
      nonFiniteCount: 1,
    })
  })

  it('are left out, and told, when a histogram would have nothing to show', () => {
    const { values, warnings } = record({
      typed: new Float64Array(40).fill(Number.NaN),
      made: new Histogram([Number.NaN]),
    })
    expect(values).toEqual({})
    expect(warnings).toEqual([
      'typed: none of the numbers is finite; the histogram is not recorded',
      'made: none of the numbers is finite; the histogram is not recorded',
    ])
  })
})
