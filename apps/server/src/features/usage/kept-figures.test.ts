import { expect, it } from 'vitest'
import { createKeptFigures } from './kept-figures.ts'

it('counts once for all who ask within a minute, and longer when counting takes long', async () => {
  let now = 1000
  let counted = 0
  const kept = createKeptFigures<number>(() => now)
  const get = (tookMs: number) =>
    kept.get('a', async () => {
      await Promise.resolve()
      now += tookMs
      return ++counted
    })
  expect(await Promise.all([get(10), get(10)])).toEqual([
    { figures: 1, countedAt: 1000 },
    { figures: 1, countedAt: 1000 },
  ])
  now += 59_000
  expect((await get(10)).figures).toBe(1)
  now += 2000
  expect((await get(10_000)).figures).toBe(2)
  now += 190_000
  expect((await get(0)).figures).toBe(2)
  now += 20_000
  expect((await get(0)).figures).toBe(3)
})

it('counts again after counting failed', async () => {
  const kept = createKeptFigures<number>()
  await expect(kept.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
  expect((await kept.get('a', async () => 7)).figures).toBe(7)
})
