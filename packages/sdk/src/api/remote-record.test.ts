import { describe, expect, it } from 'vitest'
import { editable, type RecordPatch, RemoteRecord } from './remote-record.ts'

/** A record whose updates go to a list, until a send is answered. */
function opened(wire: Record<string, never> | Record<string, unknown>, isFlat: boolean) {
  const record = new RemoteRecord(JSON.parse(JSON.stringify(wire)), { isFlat })
  const sent: (RecordPatch | undefined)[] = []
  const values = editable(record, () => {
    sent.push(record.take())
    return Promise.resolve()
  })
  return { record, values, sent }
}

describe('3.4 the summary of a stored run', () => {
  it('shows what is stored with what was changed, and sends the changes alone', async () => {
    const { values, sent } = opened({ loss: 1, 'a.b': 2, 'a.c': 3, nan: { $n: 'NaN' } }, true)
    expect({ ...values }).toEqual({ loss: 1, 'a.b': 2, 'a.c': 3, nan: Number.NaN })
    values['best'] = Number.POSITIVE_INFINITY
    delete values['a']
    expect({ ...values }).toEqual({ loss: 1, nan: Number.NaN, best: Number.POSITIVE_INFINITY })
    await values.update({ nested: { deep: [1] }, loss: 0.5, none: () => {} })
    expect(sent).toEqual([{ set: { best: { $n: 'Infinity' }, 'nested.deep': [1], loss: 0.5 }, unset: ['a.b', 'a.c'] }])
  })

  it('keeps what could not be sent, under what was set since', () => {
    const { record, values } = opened({ a: 1 }, true)
    values['a'] = 2
    values['b'] = 2
    record.take()
    values['b'] = 3
    expect([values['a'], values['b']]).toEqual([2, 3])
    record.settle(undefined)
    expect(record.take()).toEqual({ set: { a: 2, b: 3 }, unset: [] })
    record.settle({ a: 2, b: 3, c: 4 })
    expect({ ...values }).toEqual({ a: 2, b: 3, c: 4 })
    expect(record.take()).toBeUndefined()
  })

  it('keeps what was set while the rest was under way', () => {
    const { record, values } = opened({}, true)
    values['a'] = 1
    record.take()
    values['a'] = 2
    record.settle({ a: 1 })
    expect(values['a']).toBe(2)
    expect(record.take()).toEqual({ set: { a: 2 }, unset: [] })
  })
})

describe('3.4 the config of a stored run', () => {
  it('changes by whole top-level keys', async () => {
    const { values, sent } = opened({ model: { depth: 2 }, $$odd: 1 }, false)
    expect({ ...values }).toEqual({ model: { depth: 2 }, $odd: 1 })
    delete values['model.depth']
    delete values['$odd']
    await values.update({ model: { width: 3 } })
    expect(sent).toEqual([{ set: { model: { width: 3 } }, unset: ['$odd'] }])
  })
})
