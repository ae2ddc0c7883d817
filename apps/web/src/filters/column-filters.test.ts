import { runFilterSchema } from '@kiroku/core/run-filters'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type ColumnFilter,
  columnTests,
  conditionOf,
  filterLabel,
  filterOfColumns,
  formatColumnFilter,
  needsValue,
  parseColumnFilter,
} from './column-filters.ts'
import { pathOfColumn } from './column-path.ts'

const filters: fc.Arbitrary<ColumnFilter> = fc
  .record({
    column: fc.oneof(
      fc.constantFrom('name', 'state', 'created', 'runtime', 'lastStep'),
      fc.string({ minLength: 1 }).map((key) => `config.${key}`),
      fc.string({ minLength: 1, unit: 'grapheme' }).map((key) => `summary.${key}`),
    ),
    test: fc.constantFrom(...columnTests),
    value: fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom('a:b%3A', '%', '1e3', 'NaN', 'true')),
  })
  .map((filter) => ({ ...filter, value: needsValue(filter.test) ? filter.value : '' }))

test('a condition in an address is the one that was put there, and one that the server takes', () => {
  fc.assert(
    fc.property(filters, (filter) => {
      const condition = conditionOf(filter)
      expect(parseColumnFilter(formatColumnFilter(filter))).toEqual(condition === null ? null : filter)
      if (condition !== null) expect(runFilterSchema.safeParse(condition).success).toBe(true)
    }),
  )
})

test('what was never written is no condition', () => {
  for (const text of ['', 'is', 'is:1', 'like:1:config.a', 'is:1:measure.best:max:loss', 'below:NaN:config.lr'])
    expect(parseColumnFilter(text)).toBeNull()
})

test('a typed value means what it may mean', () => {
  expect(conditionOf({ column: 'config.lr', test: 'is', value: '0.1' })).toEqual({
    op: 'in',
    path: 'config.lr',
    values: ['0.1', 0.1],
  })
  expect(conditionOf({ column: 'config.on', test: 'isNot', value: 'true' })).toMatchObject({ values: ['true', true] })
  expect(conditionOf({ column: 'name', test: 'above', value: 'b' })).toEqual({
    op: 'gt',
    path: 'displayName',
    value: 'b',
  })
  expect(conditionOf({ column: 'runtime', test: 'below', value: '1e3' })).toEqual({
    op: 'lt',
    path: 'runtimeMs',
    value: 1000,
  })
  expect(filterOfColumns([])).toBeUndefined()
  expect(filterLabel({ column: 'config.lr', test: 'atMost', value: '0.1' })).toBe('config.lr ≤ 0.1')
})

test('every column of the table but those that are measured is known to the server', () => {
  expect(['name', 'state', 'tags', 'group', 'jobType', 'created', 'runtime', 'lastStep'].map(pathOfColumn)).toEqual([
    'displayName',
    'state',
    'tags',
    'group',
    'jobType',
    'createdAt',
    'runtimeMs',
    'lastStep',
  ])
  expect(pathOfColumn('summary.a.b')).toBe('summary.a.b')
  expect(pathOfColumn('measure.best:max:loss')).toBeNull()
})
