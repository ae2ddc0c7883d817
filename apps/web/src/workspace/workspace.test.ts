import type { MetricInfo } from '@kiroku/core/queries'
import { describe, expect, test } from 'vitest'
import { drawnRuns, headlineMetric, looksOf, withRunToggled } from './drawn-runs.ts'
import { runFixture } from './run-fixture.ts'
import { flatValues, summaryValue } from './run-values.ts'
import { sectionsOf } from './sections.ts'
import { defaultView } from './view.ts'

const metric = (name: string, given: Partial<MetricInfo> = {}): MetricInfo => ({
  name,
  stream: 'history',
  runCount: 1,
  x: { kind: 'step' },
  unit: null,
  goal: null,
  isHidden: false,
  isStepMetric: false,
  ...given,
})

describe('sections', () => {
  test('follow the prefix; axes, system and hidden metrics come last and folded', () => {
    const sections = sectionsOf([
      metric('val/loss'),
      metric('epoch', { isStepMetric: true }),
      metric('train/layer10'),
      metric('train/layer2'),
      metric('loss'),
      metric('cpu', { stream: 'system' }),
      metric('secret', { isHidden: true }),
    ])
    expect(sections.map(({ name, isFoldedAtFirst }) => [name, isFoldedAtFirst])).toEqual([
      ['charts', false],
      ['train', false],
      ['val', false],
      ['system', true],
      ['axes', true],
      ['hidden', true],
    ])
    expect(sections[1]?.metrics.map(({ name }) => name)).toEqual(['train/layer2', 'train/layer10'])
  })

  test('know the splits of frameworks that name them without a slash', () => {
    const sections = sectionsOf(
      ['loss', 'eval_g0_loss', 'val_accuracy', 'training', 'test_', 'evaluated'].map((name) => metric(name)),
    )
    expect(sections.map(({ name, metrics }) => [name, metrics.length])).toEqual([
      ['charts', 4],
      ['val', 1],
      ['eval', 1],
    ])
  })

  test('a prefix called like a part of its own is told from it; the cores are one chart', () => {
    const sections = sectionsOf([
      metric('system/load'),
      metric('cpu', { stream: 'system' }),
      metric('cpu.0.cpu_percent', { stream: 'system' }),
      metric('cpu.1.cpu_percent', { stream: 'system' }),
    ])
    expect(sections[1]?.metrics.map(({ name }) => name)).toEqual(['cpu.*.cpu_percent', 'cpu'])
    expect(sections.map(({ id, name }) => [id, name])).toEqual([
      ['system', 'system'],
      ['system~', 'system'],
    ])
  })

  test('training, validation and test come in this order before other prefixes', () => {
    const names = ['test_accuracy', 'a/b', 'val/loss', 'train/loss', 'loss']
    expect(sectionsOf(names.map((name) => metric(name))).map(({ name }) => name)).toEqual([
      'charts',
      'train',
      'val',
      'test',
      'a',
    ])
  })

  test('a search finds what the machine did by its words too', () => {
    expect(sectionsOf([metric('network.recv', { stream: 'system' })], 'received')).toHaveLength(1)
  })

  test('a search keeps what contains it', () => {
    expect(sectionsOf([metric('val/Loss'), metric('lr')], ' loss ').map(({ name }) => name)).toEqual(['val'])
  })
})

describe('drawn runs', () => {
  const runs = ['d', 'c', 'b', 'a'].map((slug, index) => runFixture({ slug, createdAt: 10 - index }))
  const slugs = (view: Parameters<typeof drawnRuns>[1]): string[] => drawnRuns(runs, view).map((run) => run.slug)

  test('are the newest, changed by the reader', () => {
    const view = { ...defaultView, drawn: 2 }
    expect(slugs(view)).toEqual(['d', 'c'])
    expect(slugs(withRunToggled(view, 'd', true))).toEqual(['c'])
    expect(slugs(withRunToggled(view, 'a', false))).toEqual(['d', 'c', 'a'])
    expect(slugs(withRunToggled(withRunToggled(view, 'd', true), 'd', false))).toEqual(['d', 'c'])
  })

  test('a newer run changes no colour, nor does one that is hidden', () => {
    const before = looksOf(runs.slice(1))
    const after = looksOf(runs)
    expect(after.slice(1)).toEqual(before)
    expect(looksOf(runs.slice(0, 2))).toEqual(after.slice(0, 2))
  })
})

test('the headline is a metric with a goal, else one that looks like a result', () => {
  expect(headlineMetric([metric('a'), metric('train/loss'), metric('val/acc', { goal: 'maximize' })])).toBe('val/acc')
  const goals = [metric('train/accuracy', { goal: 'maximize' }), metric('val/loss', { goal: 'minimize' })]
  expect(headlineMetric(goals)).toBe('val/loss')
  expect(headlineMetric([metric('a'), metric('train/loss'), metric('val/loss')])).toBe('val/loss')
  expect(headlineMetric([metric('epoch', { isStepMetric: true }), metric('lr')])).toBe('lr')
  expect(headlineMetric([metric('eval_loss', { runCount: 1 }), metric('loss', { runCount: 9 })])).toBe('loss')
  expect(headlineMetric([])).toBeNull()
})

test('config and summary open into dotted keys, with numbers that JSON does not have', () => {
  expect(flatValues({ optimizer: { name: 'adam', betas: [0.9, 0.999] }, loss: { $n: 'NaN' } })).toEqual({
    'optimizer.name': 'adam',
    'optimizer.betas': [0.9, 0.999],
    loss: Number.NaN,
  })
  const run = runFixture({ summary: { loss: { min: 0.1, max: 3 }, accuracy: 0.9 } })
  expect([summaryValue(run, 'loss'), summaryValue(run, 'accuracy'), summaryValue(run, 'none')]).toEqual([
    0.1,
    0.9,
    undefined,
  ])
  expect(summaryValue(run, 'constructor')).toBeUndefined()
})
