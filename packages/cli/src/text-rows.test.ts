import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readRows } from './text-rows.ts'

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

it('rows are parted by line feeds alone, wherever the pieces end', async () => {
  const row = fc.string({ unit: fc.constantFrom('a', '\u2028', '\r', 'é', '🙂', '"') }).filter((text) => text !== '')
  await fc.assert(
    fc.asyncProperty(fc.array(row), fc.integer({ min: 1, max: 9 }), fc.boolean(), async (rows, size, isEnded) => {
      const text = rows.join('\n') + (isEnded && rows.length > 0 ? '\n' : '')
      const read: string[] = []
      for await (const some of readRows(pieces(new TextEncoder().encode(text), size))) read.push(...some)
      expect(read).toEqual(rows)
    }),
  )
})
