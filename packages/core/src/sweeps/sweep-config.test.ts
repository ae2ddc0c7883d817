import { describe, expect, it } from 'vitest'
import { expectedRuns, readSweepConfig } from './next-point.ts'
import { nameOfParameter } from './sweep-parameters.ts'

const read = (parameters: object, more: object = {}) => readSweepConfig({ method: 'random', parameters, ...more })
const distributionOf = (entry: object) => read({ x: entry }).parameters[0]?.distribution

describe('a sweep config', () => {
  it.each([
    [{ value: 3 }, { kind: 'constant', value: 3 }],
    [{ values: [1, 'a', null] }, { kind: 'categorical', values: [1, 'a', null], probabilities: null }],
    [
      { min: 1, max: 5 },
      { kind: 'integer', min: 1, max: 5 },
    ],
    [
      { min: 0.5, max: 1 },
      { kind: 'continuous', spread: { shape: 'uniform', min: 0.5, max: 1 }, q: null },
    ],
    [
      { min: 0.5, max: 2, q: 0.5 },
      { kind: 'continuous', spread: { shape: 'uniform', min: 0.5, max: 2 }, q: 0.5 },
    ],
    [
      { distribution: 'log_uniform', min: 0, max: 1 },
      { kind: 'continuous', spread: { shape: 'logUniform', min: 1, max: Math.E }, q: null },
    ],
    [
      { distribution: 'inv_log_uniform', min: 0, max: 1 },
      { kind: 'continuous', spread: { shape: 'logUniform', min: Math.exp(-1), max: 1 }, q: null },
    ],
    [
      { distribution: 'q_log_uniform_values', min: 8, max: 64, q: 8 },
      { kind: 'continuous', spread: { shape: 'logUniform', min: 8, max: 64 }, q: 8 },
    ],
    [{ mu: 2 }, { kind: 'continuous', spread: { shape: 'normal', mu: 2, sigma: 1 }, q: null }],
    [
      { distribution: 'q_log_normal', mu: 0, sigma: 1 },
      { kind: 'continuous', spread: { shape: 'logNormal', mu: 0, sigma: 1 }, q: 1 },
    ],
  ])('reads %j', (entry, expected) => {
    expect(distributionOf(entry)).toEqual(expected)
  })

  it('nests parameters', () => {
    const { parameters } = read({ a: { parameters: { b: { value: 1 }, c: { parameters: { d: { values: [1] } } } } } })
    expect(parameters.map(nameOfParameter)).toEqual(['a.b', 'a.c.d'])
  })

  it.each([
    [{ method: 'best' }, 'method: expected grid, random or bayes'],
    [{ method: 'bayes' }, 'metric: method bayes needs a metric: give name and goal, or use random'],
    [{ early_terminate: { type: 'hyperband', min_iter: 3 } }, 'metric: early_terminate compares runs by a metric'],
    [{ metric: { name: 'l' }, early_terminate: { type: 'envelope' } }, 'early_terminate.type: expected hyperband'],
    [{ metric: { name: 'l' }, early_terminate: { type: 'hyperband' } }, 'early_terminate.min_iter: expected min_iter'],
    [{ metric: { name: 'l' }, early_terminate: { type: 'hyperband', max_iter: 9 } }, 'early_terminate.s: expected s'],
    [{ metric: { name: 'l', goal: 'least' } }, 'metric.goal: expected minimize or maximize'],
    [{ run_cap: 0 }, 'run_cap: expected at least 1'],
    [{ parameters: {} }, 'parameters: expected at least one parameter'],
    [{ parameters: { lr: 0.1 } }, 'parameters.lr: expected a record, as {value: 0.1} for a fixed value'],
    [{ parameters: { lr: {} } }, 'parameters.lr.values: expected value, values, min and max, or a distribution'],
    [{ parameters: { lr: { distribution: 'gamma' } } }, 'parameters.lr.distribution: expected one of constant'],
    [{ parameters: { lr: { min: 3, max: 1 } } }, 'parameters.lr.max: expected at least min, which is 3; got 1'],
    [{ parameters: { lr: { min: 0, max: 1, distribution: 'log_uniform_values' } } }, 'needs a min above 0, got 0'],
    [{ parameters: { lr: { min: 1, max: 1000, distribution: 'log_uniform' } } }, 'for values use log_uniform_values'],
    [{ parameters: { lr: { min: 0.1, max: 0.2, q: 1 } } }, 'parameters.lr.q: no multiple of 1 is between 0.1 and 0.2'],
    [
      { parameters: { n: { min: 0.5, max: 1, distribution: 'int_uniform' } } },
      'parameters.n.min: int_uniform needs whole',
    ],
    [
      { parameters: { x: { values: [1, 2], probabilities: [1] } } },
      'parameters.x.probabilities: expected one for each of the 2',
    ],
    [
      { parameters: { x: { values: [1, 2], probabilities: [1, 1] } } },
      'parameters.x.probabilities: expected a sum of 1, got 2',
    ],
    [
      { parameters: { a: { parameters: { b: { min: 'x', max: 1 } } } } },
      'parameters.a.parameters.b.min: expected a number',
    ],
    [{ parameters: { $x: { value: 1 } } }, 'must not be empty or begin with $'],
    [
      { method: 'grid', parameters: { a: { value: 1 }, lr: { min: 0.1, max: 1 } } },
      'parameters.lr: a grid cannot go through a continuous distribution; give values',
    ],
  ])('refuses %j', (change, message) => {
    expect(() => readSweepConfig({ method: 'random', parameters: { x: { value: 1 } }, ...change })).toThrow(message)
  })

  it('knows how many runs to expect', () => {
    const parameters = { a: { values: [1, 2, 3] }, b: { min: 1, max: 4 } }
    expect(expectedRuns(readSweepConfig({ method: 'grid', parameters }))).toBe(12)
    expect(expectedRuns(readSweepConfig({ method: 'grid', parameters, run_cap: 5 }))).toBe(5)
    expect(expectedRuns(readSweepConfig({ method: 'random', parameters }))).toBeNull()
    expect(expectedRuns(readSweepConfig({ method: 'random', parameters, run_cap: 7 }))).toBe(7)
  })
})
