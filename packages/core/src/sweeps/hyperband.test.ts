import { describe, expect, it } from 'vitest'
import { bandsOf, isStoppedByHyperband } from './hyperband.ts'
import { earlyTerminateSchema } from './sweep-config.ts'

const hyperband = (keys: object) => earlyTerminateSchema.parse({ type: 'hyperband', ...keys })

describe('the bands of hyperband', () => {
  it.each([
    [{ min_iter: 3, max_iter: 81 }, [3, 9, 27, 81]],
    [{ max_iter: 27, s: 2 }, [3, 9]],
    [{ max_iter: 16, s: 3, eta: 2 }, [2, 4, 8]],
    [{ min_iter: 1, max_iter: 1 }, [1]],
  ])('of %j', (keys, bands) => {
    expect(bandsOf(hyperband(keys))).toEqual(bands)
  })

  it('come at once, however close to 1 eta is', () => {
    expect(bandsOf(hyperband({ min_iter: 1, eta: 1 + Number.EPSILON }))).toEqual([1])
    expect(bandsOf(hyperband({ max_iter: 1000, s: 1e9, eta: 1 + Number.EPSILON }))).toEqual([999])
    expect(bandsOf(hyperband({ min_iter: 1, eta: 1.001 })).length).toBeLessThanOrEqual(40)
  })

  it('go on without an end, in the multiples of eta', () => {
    expect(bandsOf(hyperband({ min_iter: 10, eta: 10 }))).toEqual([10, 100, 1000, 10_000, 100_000, 1_000_000])
  })
})

describe('a run', () => {
  const config = hyperband({ min_iter: 4, eta: 2 })
  const judge = (value: number, iterations: number, others: number[], more: object = {}) =>
    isStoppedByHyperband(
      { iterations, values: { 4: value } },
      others.map((other) => ({ 4: other })),
      { config: { ...config, ...more }, goal: 'minimize' },
    )

  it('stays among the best share, and is stopped beyond', () => {
    expect(judge(1, 4, [2, 3, 4])).toBe(false)
    expect(judge(2, 4, [1, 3, 4])).toBe(false)
    expect(judge(3, 4, [1, 2, 4])).toBe(true)
    expect(judge(2, 4, [2, 2, 2])).toBe(false)
  })

  it('is not judged before the first band, nor by fewer than eta', () => {
    expect(judge(9, 3, [1, 2, 3])).toBe(false)
    expect(judge(9, 4, [])).toBe(false)
    expect(judge(9, 4, [1])).toBe(true)
  })

  it('is judged at the last band that enough runs have reached; if strict, at each', () => {
    const judged = (values: Record<string, number>, more: object) =>
      isStoppedByHyperband(
        { iterations: 20, values },
        [
          { 4: 2, 8: 2 },
          { 4: 3, 8: 3 },
        ],
        {
          config: { ...config, ...more },
          goal: 'minimize',
        },
      )
    expect(judged({ 4: 9, 8: 9, 16: 9 }, {})).toBe(true)
    expect(judged({ 4: 9, 8: 1, 16: 1 }, {})).toBe(false)
    expect(judged({ 4: 9, 8: 1, 16: 1 }, { strict: true })).toBe(true)
    expect(judged({ 4: 1, 8: 9, 16: 9 }, {})).toBe(true)
  })

  it('is judged by the greatest where the goal is to maximize', () => {
    const judged = (value: number) =>
      isStoppedByHyperband({ iterations: 4, values: { 4: value } }, [{ 4: 1 }, { 4: 2 }], { config, goal: 'maximize' })
    expect(judged(3)).toBe(false)
    expect(judged(0)).toBe(true)
  })
})
