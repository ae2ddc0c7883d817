import { describe, expect, it } from 'vitest'
import { StatsWindow } from './stats-window.ts'

describe('5.1 a window of the machine’s metrics', () => {
  const sample = (cpu: number, sent: number, threads = 1): Parameters<StatsWindow['add']>[0] => ({
    means: new Map([['cpu', cpu]]),
    latest: new Map([['threads', threads]]),
    counters: new Map([['sent', sent]]),
  })

  it('is the mean of what varies, the last of what is whole, and what was counted since the first sample', () => {
    const window = new StatsWindow(15_000, 0)
    window.add(sample(10, 1000, 7))
    window.add(sample(30, 1500, 9))
    expect(window.due(14_999)).toBeUndefined()
    window.add(sample(20, 1700, 8))
    expect(Object.fromEntries(window.due(15_000) ?? [])).toEqual({ cpu: 20, threads: 8, sent: 700 })
    window.add(sample(5, 2000))
    expect(window.due(29_999)).toBeUndefined()
    expect(Object.fromEntries(window.close())).toEqual({ cpu: 5, threads: 1, sent: 1000 })
    expect(window.close()).toEqual(new Map())
  })

  it('of 15 s holds the eight or seven samples that were taken every 2 s, and ends on time', () => {
    const window = new StatsWindow(15_000, 0)
    const ends: number[] = []
    const counts: number[] = []
    let count = 0
    for (let now = 0; now <= 60_000; now += 20) {
      if (window.due(now) !== undefined) {
        ends.push(now)
        counts.push(count)
        count = 0
      }
      if (now % 2_000 === 0) {
        window.add(sample(1, 1))
        count++
      }
    }
    expect(ends).toEqual([15_000, 30_000, 45_000, 60_000])
    expect(counts).toEqual([8, 7, 8, 7])
  })

  it('is not made up for where nobody looked', () => {
    const window = new StatsWindow(100, 0)
    window.add(sample(1, 1))
    expect(window.due(1_050)?.get('cpu')).toBe(1)
    expect(window.due(1_099)).toBeUndefined()
    expect(window.due(1_100)).toEqual(new Map())
  })
})
