import { describe, expect, it } from 'vitest'
import { decodeFrame, encodeFrame } from './frames.ts'
import {
  decodeHistoryBatch,
  emptyRowBlock,
  encodeHistoryBatch,
  type HistoryBatch,
  readHistoryBatch,
} from './history.ts'

const batch: HistoryBatch = {
  project: 'mnist',
  run: 'abc',
  writer: 'w'.repeat(16),
  firstSeq: 4,
  lastSeq: 8,
  history: {
    seqs: new Float64Array([4, 5, 8]),
    steps: new Float64Array([0, 1, 2]),
    times: new Float64Array([1e12, 1e12 + 1, 1e12 + 2]),
    metrics: [
      { name: 'loss', rows: null, values: new Float64Array([Number.NaN, Number.POSITIVE_INFINITY, -0]) },
      { name: 'val/acc', rows: new Uint32Array([2]), values: new Float64Array([Number.NEGATIVE_INFINITY]) },
    ],
  },
  system: emptyRowBlock(),
  texts: [{ seq: 5, step: 1, time: 1e12 + 1, metric: 'note', value: 'hello' }],
  updates: [
    { type: 'summary', seq: 6, set: { best: 1 }, unset: [] },
    { type: 'define', seq: 7, definition: { name: 'val/*', stepMetric: 'epoch' } },
  ],
  console: [{ seq: 7, line: 0, stream: 'stderr', time: 1e12, text: 'epoch 1' }],
}

type Mutable = Omit<HistoryBatch, 'history'> & { history: HistoryBatch['history'] }
const changed = (change: (copy: Mutable) => void): Uint8Array => {
  const copy: Mutable = { ...batch, history: { ...batch.history } }
  change(copy)
  return encodeHistoryBatch(copy)
}

describe('history batches', () => {
  it('come back as they were sent', () => {
    expect(decodeHistoryBatch(encodeHistoryBatch(batch))).toEqual(batch)
  })

  it('may be empty, as a sign of life', () => {
    const empty = { ...batch, firstSeq: 9, lastSeq: 8, history: emptyRowBlock(), texts: [], updates: [] }
    expect(decodeHistoryBatch(encodeHistoryBatch(empty))).toEqual(empty)
  })

  it.each<[string, (copy: Mutable) => void]>([
    ['sequence numbers must be whole and rise', (copy) => (copy.history.seqs = new Float64Array([4, 4, 5]))],
    ['a step must be a whole number, not 0.5', (copy) => (copy.history.steps = new Float64Array([0, 0.5, 2]))],
    ['a time must be finite, not NaN', (copy) => (copy.history.times = new Float64Array([0, Number.NaN, 2]))],
    ['lastSeq: 1 is below firstSeq 4', (copy) => (copy.lastSeq = 1)],
    [
      'loss: 2 values for 3 rows',
      (copy) => (copy.history.metrics = [{ name: 'loss', rows: null, values: new Float64Array(2) }]),
    ],
    [
      'loss: rows must rise and stay below 3',
      (copy) => (copy.history.metrics = [{ name: 'loss', rows: new Uint32Array([1, 1]), values: new Float64Array(2) }]),
    ],
    ['a writer id is', (copy) => (copy.writer = 'no')],
    ['a time must be one that a date can hold', (copy) => (copy.history.times = new Float64Array([0, 1e300, 2]))],
    [
      'a metric name must not be empty',
      (copy) => (copy.history.metrics = [{ name: '', rows: null, values: new Float64Array(3) }]),
    ],
  ])('refuse: %s', (message, change) => {
    expect(() => decodeHistoryBatch(changed(change))).toThrow(message)
  })

  it('leave out what cannot be stored, with the reason, and keep the rest', () => {
    const bad = changed((copy) => {
      copy.history.metrics = [
        ...batch.history.metrics,
        { name: 'x'.repeat(513), rows: null, values: new Float64Array(3) },
        { name: 'a\0b', rows: null, values: new Float64Array(3) },
      ]
    })
    const frame = decodeFrame(bad)
    const header = {
      ...Object(frame.header),
      updates: [{ type: 'no such thing', seq: 4 }],
      texts: [{ metric: 'note' }],
    }
    const { batch: read, rejected } = readHistoryBatch(encodeFrame(header, frame.columns))
    expect(read).toEqual({ ...batch, texts: [], updates: [] })
    expect(rejected.map(({ metric }) => metric)).toEqual(['x'.repeat(100), 'a\0b', 'note', 'no such thing'])
  })

  it('leave out what is nested too deeply to be read', () => {
    const none = { rows: 0, metrics: [] }
    const address = { v: 1, project: 'p', run: 'r', writer: 'w'.repeat(16), firstSeq: 1, lastSeq: 1 }
    const text = { seq: 1, step: 0, time: 0, metric: 'deep', value: 'VALUE' }
    const json = JSON.stringify({ ...address, history: none, system: none, texts: [text], updates: [] })
    const header = json.replace('"VALUE"', '['.repeat(50_000) + ']'.repeat(50_000)).padEnd(100_800)
    const directory = Array.from({ length: 6 }, () => [1, 0]).flat()
    const prefix = Uint32Array.of(0x314b524b, header.length, 6, 0, ...directory)
    const bytes = new TextEncoder().encode(header)
    const frame = new Uint8Array(prefix.byteLength + bytes.length)
    frame.set(new Uint8Array(prefix.buffer))
    frame.set(bytes, prefix.byteLength)
    const { batch: read, rejected } = readHistoryBatch(frame)
    expect(read.texts).toEqual([])
    expect(rejected).toEqual([{ metric: 'deep', reason: 'it is nested too deeply' }])
  })

  it('refuse a batch of which next to nothing can be stored', () => {
    const { columns, header } = decodeFrame(encodeHistoryBatch(batch))
    const withTexts = (count: number): Uint8Array =>
      encodeFrame({ ...Object(header), texts: Array.from({ length: count }, () => ({})) }, columns)
    expect(readHistoryBatch(withTexts(10_000)).rejected).toHaveLength(10_000)
    expect(() => readHistoryBatch(withTexts(10_001))).toThrow('more than 10000 of its values cannot be stored')
  })

  it('refuse columns that no metric names', () => {
    const frame = decodeFrame(encodeHistoryBatch(batch))
    const extra = encodeFrame(frame.header, [...frame.columns, new Float64Array(1)])
    expect(() => decodeHistoryBatch(extra)).toThrow('columns came')
  })
})
