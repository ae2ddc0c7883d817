import { fastify } from 'fastify'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { repeat } from './repeat.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const { log } = fastify({ logger: { level: 'silent' } })

it('what fails again and again is tried ever later, and as often as before once it works', async () => {
  let calls = 0
  let works = false
  const warn = vi.spyOn(log, 'warn')
  const { stop } = repeat('the work', 100, log, async () => {
    calls++
    if (!works) throw new Error('away')
  })
  const callsWithin = async (ms: number): Promise<number> => {
    const before = calls
    await vi.advanceTimersByTimeAsync(ms)
    return calls - before
  }
  await callsWithin(0)
  expect(calls).toBe(1)
  // After 500 ms, then 1, 2, 4, 8 s and no more than 15.
  expect(await callsWithin(16_000)).toBe(5)
  expect(await callsWithin(60_000)).toBe(4)
  expect(warn).toHaveBeenCalledTimes(calls)
  works = true
  await callsWithin(15_000)
  expect(await callsWithin(1000)).toBe(10)
  await stop()
  expect(await callsWithin(60_000)).toBe(0)
})
