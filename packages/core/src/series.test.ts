import { describe, expect, it } from 'vitest'
import { type BucketTable, bucketColumns, packedFields } from './bucket-columns.ts'
import { decodeFrame, joinParts } from './frames.ts'
import {
  decodeSeriesAnswer,
  encodeSeriesAnswer,
  type Series,
  type SeriesAnswer,
  seriesRequestSchema,
} from './series.ts'

const column = (...values: number[]): Float64Array<ArrayBuffer> => new Float64Array(values)
const facts = { run: 'a', metric: 'loss', stream: 'history', count: 2, withoutX: 1 } as const

const points: Series = {
  ...facts,
  x: { kind: 'metric', name: 'epoch' },
  form: 'points',
  columns: {
    x: column(0, 1),
    y: column(Number.NaN, Number.POSITIVE_INFINITY),
    step: column(0, 1),
    time: column(5, 6),
  },
}

const answer: SeriesAnswer = {
  range: { from: 0, to: 10 },
  series: [
    points,
    {
      ...facts,
      x: { kind: 'step' },
      form: 'buckets',
      columns: {
        firstX: column(0),
        firstY: column(1),
        minX: column(2),
        minY: column(3),
        maxX: column(4),
        maxY: column(5),
        lastX: column(6),
        lastY: column(7),
        count: column(8),
        sum: column(9),
        nanCount: column(10),
        positiveInfinityCount: column(11),
        negativeInfinityCount: column(12),
      },
    },
  ],
}

const encoded = (of: SeriesAnswer): Uint8Array => joinParts(encodeSeriesAnswer(of))

describe('series answers', () => {
  it('come back as they were sent, NaN and the infinities included', () => {
    expect(decodeSeriesAnswer(encoded(answer))).toEqual(answer)
  })

  it('say which parts of the store did not answer', () => {
    const partial = { missingShards: [2], message: 'Runs are missing here.' }
    expect(decodeSeriesAnswer(encoded({ ...answer, partial })).partial).toEqual(partial)
    expect('partial' in decodeSeriesAnswer(encoded(answer))).toBe(false)
  })

  it('have each bucket column in its own place', () => {
    const back = decodeSeriesAnswer(encoded(answer)).series[1]
    expect(back?.form === 'buckets' && bucketColumns.map((name) => back.columns[name][0])).toEqual(
      bucketColumns.map((_, index) => index),
    )
  })

  describe('with buckets as they are stored', () => {
    /** A bucket whose fields are 100 and so on; distances are from its first step, `start`. */
    const fieldsFrom = (first: number): number[] => packedFields.map((_, index) => first + index)
    const table: BucketTable = {
      starts: column(1000, 2000, 3000),
      fields: column(...fieldsFrom(100), ...fieldsFrom(200), ...fieldsFrom(300)),
    }
    const packed = { ...facts, x: { kind: 'step' }, form: 'packed' } as const
    const sent = (rows: { table: BucketTable; from: number; to: number }[]): Uint8Array =>
      joinParts(encodeSeriesAnswer({ range: null, series: [{ ...packed, rows }, points] }))

    it('has them in columns at the other end, x by the distances', () => {
      const other: BucketTable = { starts: column(4000), fields: column(...fieldsFrom(400)) }
      const [first, second] = decodeSeriesAnswer(
        sent([
          { table, from: 1, to: 2 },
          { table: other, from: 0, to: 1 },
        ]),
      ).series
      expect(first).toEqual({
        ...facts,
        x: { kind: 'step' },
        form: 'buckets',
        columns: {
          firstX: column(2205, 4405),
          firstY: column(206, 406),
          minX: column(2209, 4409),
          minY: column(210, 410),
          maxX: column(2211, 4411),
          maxY: column(212, 412),
          // The last step, less the distance from it.
          lastX: column(2200 - 207, 4400 - 407),
          lastY: column(208, 408),
          count: column(201, 401),
          sum: column(213, 413),
          nanCount: column(202, 402),
          positiveInfinityCount: column(203, 403),
          negativeInfinityCount: column(204, 404),
        },
      })
      expect(second).toEqual(points)
    })

    it.each([[[0, 2, 1]], [[0, 0, 4]], [[1, 0, 1]]])('refuses the rows %j that a table does not have', (rows) => {
      const bytes = sent([{ table, from: 0, to: 3 }])
      const letters = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0))
      const at = String.fromCharCode(...bytes).indexOf('[[0,0,3]]')
      bytes.set(letters(JSON.stringify([rows])), at)
      expect(() => decodeSeriesAnswer(bytes)).toThrow('has no rows')
    })
  })

  it('sends x once over steps', () => {
    const steps = column(3, 4)
    const series = { ...facts, x: { kind: 'step' } as const, form: 'points' as const }
    const over: SeriesAnswer = {
      range: null,
      series: [{ ...series, columns: { x: steps, y: column(1, 2), step: steps, time: column(5, 6) } }],
    }
    expect(decodeSeriesAnswer(encoded(over))).toEqual(over)
    expect(decodeFrame(encoded(over)).columns).toHaveLength(3)
  })

  it('has NaN for times that were not asked for, and does not send them', () => {
    const timeless: Series = { ...points, columns: { ...points.columns, time: column() } }
    const bytes = encoded({ range: null, series: [timeless] })
    expect(decodeFrame(bytes).columns).toHaveLength(3)
    expect(decodeSeriesAnswer(bytes).series).toEqual([
      { ...points, columns: { ...points.columns, time: column(Number.NaN, Number.NaN) } },
    ])
  })

  it('may be empty', () => {
    expect(decodeSeriesAnswer(encoded({ range: null, series: [] }))).toEqual({ range: null, series: [] })
  })
})

describe('series requests', () => {
  const request = { organization: 'local', project: 'p', series: [{ run: 'a', metric: 'loss' }], width: 800 }

  it('ask for the bound axis of the history unless told otherwise', () => {
    expect(seriesRequestSchema.parse(request)).toMatchObject({ x: { kind: 'bound' }, series: [{ stream: 'history' }] })
  })

  it.each([
    [{ width: 8000, series: Array.from({ length: 200 }, () => request.series[0]) }, 'series times width'],
    [{ width: 0 }, 'width'],
    [{ series: [] }, 'series'],
    [{ range: { from: 2, to: 1 } }, 'from must not be above to'],
    [{ organization: 'Not A Slug' }, 'organization'],
    [{ range: { from: Number.NaN, to: 1 } }, 'range'],
  ])('refuse %j', (change, message) => {
    const result = seriesRequestSchema.safeParse({ ...request, ...change })
    expect(JSON.stringify(result.error?.issues)).toContain(message)
  })
})
