import { expect, it } from 'vitest'
import type { ExtendedRecord } from './extended-json.ts'
import { readMetricList, toDefinition } from './metric-definitions.ts'

it('decodes what the client sends', () => {
  const list: ExtendedRecord[] = [
    { 1: 'epoch', 6: [3], 7: [] },
    { 1: 'loss', 5: 1, 6: [1, 3], 7: [1, 2, 3, 5, 8] },
    { 1: 'acc', 6: [3], 7: [2], 8: 2 },
    { 1: 'hid', 5: 1, 6: [2, 3], 7: [] },
    { 1: 'nosum', 6: [3], 7: [6] },
    { 1: 'a\\.b', 6: [3], 7: [] },
    { 2: 'val/*', 5: 1, 6: [1, 2], 7: [1] },
    { 1: 'old', 4: 'batch' },
    { 1: 'legacy', 7: [4, 7], 8: 1 },
  ]
  expect(readMetricList(list)).toEqual([
    { name: 'epoch', overwrite: true },
    {
      name: 'loss',
      stepMetric: 'epoch',
      stepSync: true,
      summary: ['min', 'max', 'mean', 'last', 'first'],
      overwrite: true,
    },
    { name: 'acc', summary: ['max'], goal: 'maximize', overwrite: true },
    { name: 'hid', stepMetric: 'epoch', stepSync: false, hidden: true, overwrite: true },
    { name: 'nosum', summary: ['none'], overwrite: true },
    { name: 'a.b', overwrite: true },
    { name: 'val/*', stepMetric: 'epoch', stepSync: true, hidden: true, summary: ['min'], overwrite: true },
    { name: 'old', stepMetric: 'batch', stepSync: false, overwrite: true },
    { name: 'legacy', summary: ['best', 'copy'], goal: 'minimize', overwrite: true },
  ])
})

it('keeps the places that indices refer to when an element is none', () => {
  expect(
    readMetricList([null, { 1: '' }, { 1: 'x' }, { 1: 'y', 5: 3, 6: [1] }, { 1: 'z', 5: 9 }, 'n', { 2: 'a*b' }]),
  ).toEqual([
    { name: 'x', overwrite: true },
    { name: 'y', stepMetric: 'x', stepSync: true, overwrite: true },
    { name: 'z', overwrite: true },
  ])
  expect(readMetricList('x')).toEqual([])
})

it('passes over numbers that mean nothing', () => {
  expect(toDefinition({ name: 'a', summary: [1, 1, 99], goal: 7 })).toEqual({
    name: 'a',
    summary: ['min'],
    overwrite: true,
  })
})
