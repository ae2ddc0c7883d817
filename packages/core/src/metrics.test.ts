import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveXAxis } from './axes.ts'
import {
  applyDefinition,
  clearSummaryOperations,
  isStepSynced,
  type MetricDefinition,
  metricPatternSchema,
  resolveDefinition,
} from './metrics.ts'

describe('resolveDefinition', () => {
  const definitions: MetricDefinition[] = [
    { name: '*', stepMetric: 'any' },
    { name: 'train/*', stepMetric: 'batch' },
    { name: 'train/loss', summary: ['min'] },
    { name: 'train/l*', stepMetric: 'later' },
  ]

  it('takes the exact definition and inherits nothing from a prefix', () => {
    expect(resolveDefinition(definitions, 'train/loss')).toEqual({ name: 'train/loss', summary: ['min'] })
  })

  it('takes the longest prefix otherwise', () => {
    expect(resolveDefinition(definitions, 'train/lr')?.stepMetric).toBe('later')
    expect(resolveDefinition(definitions, 'train/accuracy')?.stepMetric).toBe('batch')
    expect(resolveDefinition(definitions, 'val/loss')?.stepMetric).toBe('any')
  })

  it('takes the later of two equal prefixes and none for names that begin with _', () => {
    const doubled = [...definitions, { name: 'train/*', stepMetric: 'second' }]
    expect(resolveDefinition(doubled, 'train/accuracy')?.stepMetric).toBe('second')
    expect(resolveDefinition(definitions, '_runtime')).toBeUndefined()
  })

  it('agrees with a search through all prefixes of a name', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, fc.boolean())), name, (pairs, metric) => {
        const list = pairs.map(([text, isPrefix]) => ({ name: isPrefix ? `${text}*` : text }))
        const candidates = [
          metric,
          ...Array.from({ length: metric.length }, (_, i) => `${metric.slice(0, metric.length - i)}*`),
        ]
        const expected = candidates.find((candidate) => list.some((definition) => definition.name === candidate))
        expect(resolveDefinition(list, metric)?.name).toBe(expected)
      }),
    )
  })
})

describe('applyDefinition', () => {
  it('unites summary operations and replaces other fields that are given', () => {
    const first = applyDefinition([], { name: 'val', stepMetric: 'epoch', summary: ['min'], hidden: true })
    const second = applyDefinition(first, { name: 'val', summary: ['max', 'min'], hidden: false })
    expect(second).toEqual([
      expect.objectContaining({ name: 'val', stepMetric: 'epoch', hidden: false, summary: ['min', 'max'] }),
    ])
  })

  it('lets none replace the operations, and operations replace none', () => {
    const none = applyDefinition([{ name: 'a', summary: ['min'] }], { name: 'a', summary: ['none'] })
    expect(none[0]?.summary).toEqual(['none'])
    expect(applyDefinition(none, { name: 'a', summary: ['max'] })[0]?.summary).toEqual(['max'])
  })

  it('puts a definition in the place of its namesake when told to overwrite', () => {
    const known = [{ name: 'a', stepMetric: 'epoch', hidden: true }]
    expect(applyDefinition(known, { name: 'a', goal: 'minimize', overwrite: true })).toEqual([
      { name: 'a', goal: 'minimize' },
    ])
  })

  it('gives the same list when the same definition is applied again', () => {
    const definition: fc.Arbitrary<MetricDefinition> = fc.record(
      {
        name: fc.constantFrom('a', 'b', 'a*'),
        stepMetric: fc.constantFrom('epoch', 'batch'),
        stepSync: fc.boolean(),
        hidden: fc.boolean(),
        summary: fc.subarray(['min', 'max', 'mean', 'none'] as const),
      },
      { requiredKeys: ['name'] },
    )
    fc.assert(
      fc.property(fc.array(definition), definition, (before, last) => {
        const once = [...before, last].reduce(applyDefinition, [])
        expect(applyDefinition(once, last)).toEqual(once)
      }),
    )
  })
})

describe('step metrics', () => {
  it('are synced unless switched off', () => {
    expect(isStepSynced({ name: 'a', stepMetric: 'epoch' })).toBe(true)
    expect(isStepSynced({ name: 'a', stepMetric: 'epoch', stepSync: false })).toBe(false)
    expect(isStepSynced({ name: 'a', stepSync: true })).toBe(false)
  })

  it('are the x axis that bound stands for; a metric is never its own', () => {
    const definitions = [
      { name: 'val/*', stepMetric: 'epoch' },
      { name: 'train/*', stepMetric: 'train/step' },
    ]
    expect(resolveXAxis({ kind: 'bound' }, definitions, 'val/loss')).toEqual({ kind: 'metric', name: 'epoch' })
    expect(resolveXAxis({ kind: 'bound' }, definitions, 'train/step')).toEqual({ kind: 'step' })
    expect(resolveXAxis({ kind: 'bound' }, definitions, 'other')).toEqual({ kind: 'step' })
    expect(resolveXAxis({ kind: 'time' }, definitions, 'val/loss')).toEqual({ kind: 'time' })
  })

  it('may have a * at the end of a pattern only', () => {
    for (const good of ['*', 'a*', 'x/*', 'a']) expect(metricPatternSchema.safeParse(good).success).toBe(true)
    for (const bad of ['*a', 'a*b', 'a**', '']) expect(metricPatternSchema.safeParse(bad).success).toBe(false)
  })
})

describe('3.2 a summary value that is set by hand', () => {
  it('clears the operations of an exact definition and leaves the rest of it', () => {
    const definitions: MetricDefinition[] = [{ name: 'v', summary: ['max'], stepMetric: 'epoch' }, { name: 'w' }]
    const cleared = clearSummaryOperations(definitions, 'v')
    expect(resolveDefinition(cleared, 'v')).toEqual({ name: 'v', stepMetric: 'epoch' })
    expect(resolveDefinition(definitions, 'v')?.summary).toEqual(['max'])
  })

  it('gives a metric that a prefix rules a definition of its own, and leaves the others to the prefix', () => {
    const cleared = clearSummaryOperations([{ name: 'val/*', summary: ['none'], goal: 'maximize' }], 'val/a')
    expect(resolveDefinition(cleared, 'val/a')).toEqual({ name: 'val/a', goal: 'maximize' })
    expect(resolveDefinition(cleared, 'val/b')?.summary).toEqual(['none'])
  })

  it('changes nothing where there are no operations, or no definition could name the metric alone', () => {
    const definitions: MetricDefinition[] = [
      { name: 'v', goal: 'minimize' },
      { name: 'a*', summary: ['min'] },
    ]
    for (const name of ['v', 'other', 'ab*', 'a*b', `a${'x'.repeat(600)}`, '_a'])
      expect(clearSummaryOperations(definitions, name)).toBe(definitions)
  })
})
