import type { RunFilter } from '@kiroku/core/run-filters'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { readRunFilter } from './run-filter.ts'
import { readRunOrder } from './run-order.ts'

const read = (filter: unknown): RunFilter | undefined => readRunFilter(JSON.stringify(filter))

it.each([
  ['{}', undefined],
  ['null', undefined],
  ['', undefined],
  [{ state: 'finished' }, { op: 'eq', path: 'state', value: 'finished' }],
  [{ name: 'abc' }, { op: 'eq', path: 'slug', value: 'abc' }],
  [{ display_name: { $regex: '^a' } }, { op: 'regex', path: 'displayName', pattern: '^a' }],
  [{ sweep: 'abc' }, { op: 'eq', path: 'sweep', value: 'abc' }],
  [{ jobType: { $regex: 'x', $options: 'i' } }, { op: 'regex', path: 'jobType', pattern: '(?i)x' }],
  [{ 'config.lr': 0.1 }, { op: 'eq', path: 'config.lr', value: 0.1 }],
  [{ 'config.lr.value': { $gt: 0.1 } }, { op: 'gt', path: 'config.lr', value: 0.1 }],
  [{ 'config.opt.value.name': 'adam' }, { op: 'eq', path: 'config.opt.name', value: 'adam' }],
  [{ 'config.opt.name.value': 'adam' }, { op: 'eq', path: 'config.opt.name', value: 'adam' }],
  [{ 'config.value': 1 }, { op: 'eq', path: 'config.value', value: 1 }],
  [{ 'summary_metrics.val.acc': { $lte: 2 } }, { op: 'lte', path: 'summary.val.acc', value: 2 }],
  ['{"summary_metrics.loss": NaN}', { op: 'eq', path: 'summary.loss', value: { $n: 'NaN' } }],
  ['{"summary_metrics.loss": {"$lt": Infinity}}', { op: 'lt', path: 'summary.loss', value: { $n: 'Infinity' } }],
  [{ 'keys_info.keys.loss': { $exists: true } }, { op: 'exists', path: 'summary.loss' }],
  [{ group: { $exists: false } }, { op: 'not', filter: { op: 'exists', path: 'group' } }],
  [{ tags: { $in: ['a', 'b'] } }, { op: 'in', path: 'tags', values: ['a', 'b'] }],
  [
    { tags: { $all: ['a', 'b'] } },
    {
      op: 'and',
      filters: [
        { op: 'eq', path: 'tags', value: 'a' },
        { op: 'eq', path: 'tags', value: 'b' },
      ],
    },
  ],
  [{ 'tags.a': true }, { op: 'eq', path: 'tags', value: 'a' }],
  [{ 'tags.a': false }, { op: 'ne', path: 'tags', value: 'a' }],
  [
    { $or: [{ tags: null }, { tags: { $ne: 'x' } }] },
    {
      op: 'or',
      filters: [
        { op: 'eq', path: 'tags', value: null },
        { op: 'ne', path: 'tags', value: 'x' },
      ],
    },
  ],
  [
    { $nor: [{ state: 'failed' }] },
    { op: 'not', filter: { op: 'or', filters: [{ op: 'eq', path: 'state', value: 'failed' }] } },
  ],
  [{ created_at: { $gte: '2026-03-09T10' } }, { op: 'gte', path: 'createdAt', value: Date.UTC(2026, 2, 9, 10) }],
  [
    { heartbeatAt: { $lt: '2026-03-09 10:30:05.5+01:00' } },
    { op: 'lt', path: 'heartbeatAt', value: Date.UTC(2026, 2, 9, 9, 30, 5, 500) },
  ],
  [{ 'summary_metrics._step': 9 }, { op: 'eq', path: 'lastStep', value: 9 }],
  [{ 'summary_metrics._runtime': { $lt: 1.5 } }, { op: 'lt', path: 'runtimeMs', value: 1500 }],
  [{ 'summary_metrics.constructor': 1 }, { op: 'eq', path: 'summary.constructor', value: 1 }],
  [{ duration: { $gt: 60 } }, { op: 'gt', path: 'runtimeMs', value: 60_000 }],
  [
    { 'config.lr': { $gt: 1, $not: { $in: [2, 3] } } },
    {
      op: 'and',
      filters: [
        { op: 'gt', path: 'config.lr', value: 1 },
        { op: 'not', filter: { op: 'in', path: 'config.lr', values: [2, 3] } },
      ],
    },
  ],
])('%j is understood', (filter, expected) => {
  expect(typeof filter === 'string' ? readRunFilter(filter) : read(filter)).toEqual(expected)
})

it.each([
  [{ state: { $near: 1 } }, /\$near.*there are .*\$regex/],
  [{ $xor: [] }, /\$xor.*\$and/],
  [{ $gt: 1 }, /\$gt compares a field/],
  [{ rocket: 1 }, /rocket.*there are .*summary_metrics\.KEY/],
  [{ constructor: 1 }, /constructor/],
  [{ 'config.opt': { name: 'adam' } }, /config\.opt\.name/],
  [{ 'config.l': [1] }, /\$in/],
  [{ state: { $in: 'a' } }, /\$in takes a list/],
  [{ state: { $gt: null } }, /\$gt takes a number or a text/],
  [{ createdAt: { $gt: 'yesterday' } }, /2026-03-09T10:00:00Z.*yesterday/],
  [{ $and: {} }, /\$and takes a list/],
  [{ state: { $options: 'i' } }, /\$options/],
  [{ state: { $regex: 'a', $options: 'x' } }, /flags/],
  [{ 'keys_info.keys.a': 1 }, /\$exists/],
  [{ state: {} }, /empty/],
  [[], /expected a record/],
])('%j is refused, and what there is told', (filter, message) => {
  expect(() => read(filter)).toThrow(message)
})

it('reads back whatever is written in its grammar', () => {
  const path = fc.constantFrom('config.lr', 'summary.val.acc', 'group', 'tags', 'state')
  const names: Record<string, string> = { 'summary.val.acc': 'summary_metrics.val.acc' }
  const value = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
  )
  const number = fc.oneof(fc.integer(), fc.string())
  const leaf = fc.oneof(
    fc.record({ op: fc.constantFrom('eq', 'ne'), path, value }),
    fc.record({ op: fc.constantFrom('in', 'notIn'), path, values: fc.array(value, { maxLength: 3 }) }),
    fc.record({ op: fc.constantFrom('lt', 'lte', 'gt', 'gte'), path, value: number }),
    fc.record({ op: fc.constant('exists'), path }),
    fc.record({ op: fc.constant('regex'), path, pattern: fc.string() }),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.record({ op: fc.constantFrom('and', 'or'), filters: fc.array(tie('tree'), { maxLength: 3 }) }),
      fc.record({ op: fc.constant('not'), filter: tie('tree') }),
    ),
  }))
  const operators: Record<string, string> = { notIn: '$nin' }
  const write = (node: unknown): object => {
    const filter = Object(node)
    if (filter.filters) return { [`$${filter.op}`]: filter.filters.map(write) }
    if (filter.filter) return { $not: write(filter.filter) }
    const operand = filter.op === 'exists' ? true : (filter.values ?? filter.pattern ?? filter.value)
    return { [names[filter.path] ?? filter.path]: { [operators[filter.op] ?? `$${filter.op}`]: operand } }
  }
  fc.assert(
    fc.property(tree, (filter) => {
      expect(read(write(filter))).toEqual(JSON.parse(JSON.stringify(filter)))
    }),
  )
})

it.each([
  [undefined, { path: 'createdAt', direction: 'asc' }],
  ['+created_at', { path: 'createdAt', direction: 'asc' }],
  ['-summary_metrics.loss', { path: 'summary.loss', direction: 'desc' }],
  ['config.lr.value', { path: 'config.lr', direction: 'asc' }],
  ['-heartbeat_at', { path: 'heartbeatAt', direction: 'desc' }],
])('the order %s is understood', (order, expected) => {
  expect(readRunOrder(order)).toEqual([expected])
})

it('an order by what there is not is refused', () => {
  expect(() => readRunOrder('-rocket')).toThrow(/order.*rocket/)
  expect(() => readRunOrder('+tags.a')).toThrow(/sorted/)
})
