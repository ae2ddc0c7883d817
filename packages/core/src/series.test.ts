import { describe, expect, it } from 'vitest'
import { joinParts } from './frames.ts'
import {
  bucketColumns,
  decodeSeriesAnswer,
  encodeSeriesAnswer,
  type SeriesAnswer,
  seriesRequestSchema,
} from './series.ts'

const column = (...values: number[]): Float64Array<ArrayBuffer> => new Float64Array(values)
const facts = { run: 'a', metric: 'loss', stream: 'history', count: 2, withoutX: 1 } as const

const answer: SeriesAnswer = {
  range: { from: 0, to: 10 },
  series: [
    {
      ...facts,
      x: { kind: 'metric', name: 'epoch' },
      form: 'points',
      columns: {
        x: column(0, 1),
        y: column(Number.NaN, Number.POSITIVE_INFINITY),
        step: column(0, 1),
        time: column(5, 6),
      },
    },
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
