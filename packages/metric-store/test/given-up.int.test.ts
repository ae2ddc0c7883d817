import { expect, test } from 'vitest'
import * as z from 'zod'
import { openEmbeddedEngine } from '../src/engine/embedded-engine.ts'
import { temporaryDirectory } from './stores.ts'

const large =
  'SELECT g, groupArray(number) AS numbers FROM (SELECT number, number % 1000 AS g FROM numbers(1000000)) GROUP BY g'
const rounds = 120

test('what a query had written when it was given up never comes as the answer of another', async () => {
  using directory = temporaryDirectory()
  const engine = await openEmbeddedEngine(directory.path)
  try {
    const began = performance.now()
    await engine.query({ sql: large, row: z.unknown() })
    const usualMs = performance.now() - began
    const row = z.object({ id: z.coerce.number(), kind: z.literal('own') })
    for (let round = 0; round < rounds; round++) {
      const controller = new AbortController()
      const givenUp = engine.query({ sql: large, row: z.unknown(), signal: controller.signal }).catch(() => undefined)
      // Over the whole life of the query, its end above all: there its answer is being written.
      setTimeout(() => controller.abort(), usualMs * (0.2 + (0.9 * round) / rounds))
      await givenUp
      const ids = [0, 1, 2, 3].map((index) => round * 10 + index)
      const answers = ids.map((id) => engine.query({ sql: `SELECT ${id} AS id, 'own' AS kind`, row }))
      expect(await Promise.all(answers)).toEqual(ids.map((id) => [{ id, kind: 'own' }]))
    }
  } finally {
    await engine.close()
  }
})
