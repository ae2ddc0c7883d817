import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRefreshGate } from './refresh-gate.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('the first notice runs at once, a burst makes one more run after the interval', async () => {
  const runs: number[] = []
  const gate = createRefreshGate(async () => void runs.push(Date.now()), 250)
  const start = Date.now()
  gate.notify()
  gate.notify()
  gate.notify()
  expect(runs).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(249)
  expect(runs).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(runs.map((time) => time - start)).toEqual([0, 250])
  await vi.advanceTimersByTimeAsync(1000)
  expect(runs).toHaveLength(2)
})

test('a slow run is never overtaken, and what came meanwhile runs after it', async () => {
  let finish = (): void => {}
  let count = 0
  const gate = createRefreshGate(() => {
    count++
    return new Promise((resolve) => {
      finish = resolve
    })
  }, 250)
  gate.notify()
  gate.notify()
  await vi.advanceTimersByTimeAsync(1000)
  expect(count).toBe(1)
  finish()
  await vi.advanceTimersByTimeAsync(0)
  expect(count).toBe(2)
})

test('a stopped gate runs nothing that waited', async () => {
  let count = 0
  const gate = createRefreshGate(async () => void count++, 250)
  gate.notify()
  gate.notify()
  gate.stop()
  await vi.advanceTimersByTimeAsync(1000)
  expect(count).toBe(1)
})
