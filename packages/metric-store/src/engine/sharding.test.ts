import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shardOfRun } from './sharding.ts'

const even = [
  { shard: 1, weight: 1 },
  { shard: 2, weight: 1 },
  { shard: 3, weight: 1 },
]

test('runs are spread evenly, by weight', () => {
  const counts = new Map<number | undefined, number>()
  const weighted = [
    { shard: 1, weight: 1 },
    { shard: 2, weight: 0 },
    { shard: 3, weight: 3 },
  ]
  for (const run of fc.sample(fc.uuid(), { numRuns: 8000, seed: 7 })) {
    const shard = shardOfRun(run, weighted)
    counts.set(shard, (counts.get(shard) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual([1, 3])
  expect((counts.get(3) ?? 0) / (counts.get(1) ?? 1)).toBeGreaterThan(2.7)
  expect((counts.get(3) ?? 0) / (counts.get(1) ?? 1)).toBeLessThan(3.3)
})

test('ids that are made one after the other are spread as well', () => {
  const ids = Array.from(
    { length: 300 },
    (_, index) => `0193f0c4-5cb3-7000-8000-${index.toString(16).padStart(12, '0')}`,
  )
  expect(new Set(ids.map((id) => shardOfRun(id, even))).size).toBe(3)
})

test('without a weight there is no shard', () => {
  expect(shardOfRun('61f0c404-5cb3-11e7-907b-a6006ad3dba0', [{ shard: 1, weight: 0 }])).toBeUndefined()
})
