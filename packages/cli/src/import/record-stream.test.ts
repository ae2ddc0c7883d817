import { type BatchAck, decodeHistoryBatch, emptyRowBlock, type HistoryBatch } from '@kiroku/core/history'
import { describe, expect, it } from 'vitest'
import { RecordStream } from './record-stream.ts'

const target = { project: 'p', run: 'r', writer: 'w'.repeat(16), ackSeq: 0 }

function receiver(): { batches: HistoryBatch[]; send(bytes: Uint8Array<ArrayBuffer>): Promise<BatchAck> } {
  const batches: HistoryBatch[] = []
  return {
    batches,
    async send(bytes) {
      const batch = decodeHistoryBatch(bytes)
      batches.push(batch)
      return { ackSeq: batch.lastSeq, nextBatchMs: 0, rejected: [], otherWriters: 0, isStopAsked: false }
    },
  }
}

async function addAll(stream: RecordStream): Promise<void> {
  stream.point('history', 'loss', 1, 10, Number.NaN)
  stream.point('history', 'acc', 1, 11, -0)
  stream.point('system', 'cpu', 12, 12, 0.5)
  await stream.text({ step: 2, time: 13, metric: 'note', value: 'x' })
  stream.point('history', 'loss', 2, 14, 2)
  await stream.line({ line: 0, stream: 'stdout', time: 15, text: 'hi' })
  await stream.update({ type: 'finish', state: 'finished', exitCode: 0, time: 16 })
  await stream.finish()
}

describe('a stream of records', () => {
  it('is numbered in the order in which it was added, each metric in its column', async () => {
    const { batches, send } = receiver()
    await addAll(new RecordStream(send, target))
    expect(batches).toMatchObject([
      {
        firstSeq: 1,
        lastSeq: 7,
        texts: [{ seq: 4 }],
        console: [{ seq: 6 }],
        updates: [{ seq: 7 }],
        system: { seqs: Float64Array.of(3), metrics: [{ name: 'cpu', rows: null }] },
        history: {
          seqs: Float64Array.of(1, 2, 5),
          steps: Float64Array.of(1, 1, 2),
          times: Float64Array.of(10, 11, 14),
          metrics: [
            { name: 'loss', rows: Uint32Array.of(0, 2), values: Float64Array.of(Number.NaN, 2) },
            { name: 'acc', rows: Uint32Array.of(1), values: Float64Array.of(-0) },
          ],
        },
      },
    ])
    expect(Object.is(batches[0]?.history.metrics[1]?.values[0], -0)).toBe(true)
  })

  it('sends nothing that the server has', async () => {
    const { batches, send } = receiver()
    await addAll(new RecordStream(send, { ...target, ackSeq: 7 }))
    expect(batches).toEqual([])
    const stream = new RecordStream(send, { ...target, ackSeq: 2 })
    expect([stream.hasNext(2), stream.hasNext(3)]).toEqual([true, false])
    await addAll(stream)
    expect(batches).toMatchObject([{ firstSeq: 1, lastSeq: 7 }])
  })

  it('tells a failure to who flushes next', async () => {
    const stream = new RecordStream(() => Promise.reject(new Error('away')), target)
    stream.point('history', 'loss', 1, 10, 1)
    await stream.flush()
    stream.point('history', 'loss', 2, 10, 1)
    await expect(stream.flush()).rejects.toThrow('away')
  })

  it('takes numbers with room between them, each one row of all that it is given to', async () => {
    const { batches, send } = receiver()
    const stream = new RecordStream(send, { ...target, ackSeq: 100 })
    stream.numberAs(100)
    stream.point('history', 'loss', 0, 10, 9)
    await stream.flush()
    stream.numberAs(200)
    stream.point('history', 'loss', 1, 10, 1)
    stream.point('history', 'acc', 1, 10, 2)
    await stream.text({ step: 1, time: 10, metric: 'note', value: 'x' })
    stream.numberAs(300)
    stream.point('history', 'loss', 2, 20, 3)
    await stream.line({ line: 0, stream: 'stdout', time: 15, text: 'hi', seq: 250 })
    await stream.finish()
    expect([stream.isFull, stream.ackSeq]).toEqual([false, 300])
    expect(batches).toHaveLength(1)
    expect(batches[0]).toMatchObject({ firstSeq: 101, lastSeq: 300, texts: [{ seq: 200 }], console: [{ seq: 250 }] })
    const { seqs, steps, times, metrics } = batches[0]?.history ?? emptyRowBlock()
    expect([[...seqs], [...steps], [...times]]).toEqual([
      [200, 300],
      [1, 2],
      [10, 20],
    ])
    expect(metrics).toEqual([
      { name: 'loss', rows: null, values: Float64Array.of(1, 3) },
      { name: 'acc', rows: Uint32Array.of(0), values: Float64Array.of(2) },
    ])
  })
})
