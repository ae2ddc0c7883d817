import { encodeHistoryBatch } from '@kiroku/core/history'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BatchBuilder } from './batch-builder.ts'

const address = { project: 'p'.repeat(128), run: 'r'.repeat(64), writer: 'w'.repeat(16) }

it('knows how long a batch may be, also of many metrics with long names, so that none is too long for a server', () => {
  const row = fc.array(fc.tuple(fc.nat(200), fc.double()), { maxLength: 20 })
  const name = fc.string({ unit: fc.constantFrom('a', '"', '\\', '記', '😀'), minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), fc.array(name, { minLength: 1 }), (rows, names) => {
      const builder = new BatchBuilder()
      rows.forEach((values, index) => {
        builder.startRow(false, { seq: index + 1, step: index, time: index })
        for (const [key, value] of values) builder.set(false, key, names[key % names.length] ?? '', value)
      })
      const { bytes } = builder
      const batch = { ...address, firstSeq: 1, lastSeq: rows.length, ...builder.take() }
      expect(encodeHistoryBatch(batch).length).toBeLessThanOrEqual(bytes + 1024)
    }),
  )
})
