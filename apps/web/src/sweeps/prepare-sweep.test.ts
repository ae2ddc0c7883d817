import type { SweepDetails, SweepRun } from '@kiroku/core/sweeps/sweeps'
import { describe, expect, it } from 'vitest'
import { prepareSweep } from './prepare-sweep.ts'

const runOf = (index: number, change: Partial<SweepRun>): SweepRun => ({
  run: `r${index}`,
  displayName: `run ${index}`,
  state: 'finished',
  createdAt: index,
  config: {},
  value: null,
  isStoppedEarly: false,
  ...change,
})

const details = (runs: Partial<SweepRun>[], config: SweepDetails['sweep']['config']): SweepDetails => ({
  agents: [],
  leftOut: 0,
  runs: runs.map((run, index) => runOf(index + 1, run)),
  sweep: {
    id: '00000000-0000-4000-8000-000000000000',
    slug: 's',
    organization: 'o',
    project: 'p',
    displayName: 's',
    description: null,
    state: 'running',
    config,
    createdAt: 0,
    updatedAt: 0,
    runCount: runs.length,
    runningCount: 0,
    expectedRuns: null,
    liveAgents: 0,
    best: null,
  },
})

const config = {
  method: 'random',
  metric: { name: 'loss' },
  parameters: {
    lr: { distribution: 'log_uniform_values', min: 0.0001, max: 1 },
    kind: { values: ['adam', 'sgd'] },
    deep: { parameters: { depth: { min: 1, max: 3 } } },
    seed: { value: 7 },
  },
}

describe('a sweep', () => {
  const runs = [0.4, 0.3, null, 0.5, 0.1].map((value, index) => ({
    value,
    config: { lr: 10 ** -index, kind: index % 2 === 0 ? 'adam' : 'sgd', deep: { depth: (index % 3) + 1 } },
  }))

  it('has an axis for each parameter that varies, and the metric last', () => {
    const { axes, fixed, parameters } = prepareSweep(details(runs, config))
    expect(parameters).toEqual(['lr', 'kind', 'deep.depth'])
    expect(fixed).toEqual([{ name: 'seed', value: 7 }])
    expect(axes.map(({ name, isMetric }) => [name, isMetric])).toEqual([
      ['lr', false],
      ['kind', false],
      ['deep.depth', false],
      ['loss', true],
    ])
    expect(axes[0]?.ticks.map(({ label }) => label)).toEqual(['0.0001', '0.001', '0.01', '0.1', '1'])
    expect(axes[1]?.ticks).toEqual([
      { at: 0.25, label: 'adam' },
      { at: 0.75, label: 'sgd' },
    ])
    expect(axes[2]?.ticks.map(({ label }) => label)).toEqual(['1', '2', '3'])
  })

  it('places runs on them, by rank', () => {
    const { lines } = prepareSweep(details(runs, config))
    expect(lines[0]?.places).toEqual([1, 0.25, expect.closeTo(1 / 6), expect.closeTo(0.75)])
    expect(lines[2]?.places.at(-1)).toBeNull()
    expect(lines.map(({ rank }) => rank)).toEqual([expect.closeTo(2 / 3), expect.closeTo(1 / 3), null, 1, 0])
  })

  it('has the best so far in the order of the runs', () => {
    const { progress } = prepareSweep(details(runs, config))
    expect(progress.map(({ line, best, isBest }) => [line.number, best, isBest])).toEqual([
      [1, 0.4, true],
      [2, 0.3, true],
      [4, 0.3, false],
      [5, 0.1, true],
    ])
    const greatest = prepareSweep(details(runs, { ...config, metric: { name: 'loss', goal: 'maximize' } }))
    expect(greatest.progress.map(({ best }) => best)).toEqual([0.4, 0.4, 0.5, 0.5])
  })

  it('tells which parameter goes with the metric, once there are a few runs', () => {
    expect(prepareSweep(details(runs, config)).importance).toEqual([])
    const many = Array.from({ length: 12 }, (_, index) => ({
      value: index,
      config: { lr: 10 ** (-index / 4), kind: index < 6 ? 'adam' : 'sgd', deep: { depth: (index % 3) + 1 } },
    }))
    const { importance } = prepareSweep(details(many, config))
    expect(importance.map(({ name, isSigned }) => [name, isSigned])).toEqual([
      ['lr', true],
      ['kind', false],
      ['deep.depth', true],
    ])
    expect(importance[0]?.strength).toBeCloseTo(-1)
    expect(importance[1]?.strength).toBeGreaterThan(0.8)
    expect(Math.abs(importance[2]?.strength ?? 1)).toBeLessThan(0.4)
  })

  it('stands without a metric and without runs', () => {
    const { metric: _none, ...plain } = config
    const prepared = prepareSweep(details([], plain))
    expect(prepared).toMatchObject({ metric: null, goal: null, lines: [], progress: [], importance: [] })
    expect(prepared.axes).toHaveLength(3)
  })
})
