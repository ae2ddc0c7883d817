import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runFixture } from '../workspace/run-fixture.ts'
import { cellValue, columnsAtFirst, valueColumns, withColumns } from './columns.ts'
import { nextSort, orderOf, rowsOf, sortRuns } from './sort-runs.ts'

const runs = [
  runFixture({ slug: 'a', summary: { loss: 3, note: 'x' }, config: { lr: 0.1, seed: 1 } }),
  runFixture({ slug: 'b', summary: { loss: { $n: 'NaN' } }, config: { lr: 0.2, seed: 1 } }),
  runFixture({ slug: 'c', summary: { loss: 1 }, config: { lr: 0.3, seed: 1, model: { depth: 2 } } }),
  runFixture({ slug: 'd', summary: {} }),
]
const slugs = (list: readonly { slug: string }[]): string => list.map((run) => run.slug).join('')

describe('columns', () => {
  test('of names that every object has are empty where a run has no such value', () => {
    const run = runFixture({ summary: { valueOf: 2 } })
    const columns = ['summary.valueOf', 'summary.constructor', 'config.valueOf']
    expect(columns.map((column) => cellValue(run, column))).toEqual([2, undefined, undefined])
    expect(orderOf({ column: 'constructor', isDescending: false })).toEqual([])
  })

  test('are the keys that any run has', () => {
    expect(valueColumns(runs).map((column) => column.id)).toEqual([
      'summary.loss',
      'summary.note',
      'config.lr',
      'config.model.depth',
      'config.seed',
    ])
  })

  test('at first: facts that some run has, summary, then config that differs before config that does not', () => {
    const equal = runs.slice(0, 3)
    expect(columnsAtFirst(equal, valueColumns(equal), [])).toEqual([
      'state',
      'created',
      'runtime',
      'summary.loss',
      'summary.note',
      'config.lr',
      'config.model.depth',
      'config.seed',
    ])
  })

  test('stay when other runs are loaded, and more come in their places', () => {
    const known = withColumns([], valueColumns(runs.slice(0, 2)))
    expect(withColumns(known, valueColumns(runs.slice(1, 2)))).toBe(known)
    expect(withColumns(known, valueColumns(runs)).map(({ id }) => id)).toEqual(valueColumns(runs).map(({ id }) => id))
  })

  test('a cell is the run’s own value', () => {
    expect(cellValue(runFixture({ startedAt: 10, finishedAt: 25, runtimeMs: 7 }), 'runtime')).toBe(7)
    expect(cellValue(runs[2] ?? runFixture(), 'config.model.depth')).toBe(2)
    expect(cellValue(runFixture(), 'group')).toBeUndefined()
  })
})

describe('sorting', () => {
  test('goes by number; NaN and nothing come last either way', () => {
    expect(slugs(sortRuns(runs, { column: 'summary.loss', isDescending: false }))).toBe('cabd')
    expect(slugs(sortRuns(runs, { column: 'summary.loss', isDescending: true }))).toBe('acbd')
    expect(slugs(sortRuns(runs, null))).toBe('abcd')
  })

  test('keeps all runs and rises', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true })), (values) => {
        const list = values.map((value, index) =>
          runFixture({ slug: `r${index}`, summary: { v: Number.isFinite(value) ? value : { $n: String(value) } } }),
        )
        const sorted = sortRuns(list, { column: 'summary.v', isDescending: false })
        expect(new Set(sorted)).toEqual(new Set(list))
        const numbers = sorted.map((run) => Number(cellValue(run, 'summary.v')))
        for (let index = 1; index < numbers.length; index++)
          expect(numbers[index]).toBeGreaterThanOrEqual(numbers[index - 1] ?? Number.NEGATIVE_INFINITY)
      }),
    )
  })

  test('is the server’s but for what is measured', () => {
    expect(orderOf(null)).toEqual([])
    expect(orderOf({ column: 'config.lr', isDescending: true })).toEqual([{ path: 'config.lr', direction: 'desc' }])
    expect(orderOf({ column: 'runtime', isDescending: false })).toEqual([{ path: 'runtimeMs', direction: 'asc' }])
    expect(orderOf({ column: 'measure.best:max:loss', isDescending: true })).toEqual([])
  })

  test('a head turns the order round, then gives up', () => {
    const first = nextSort(null, 'summary.loss', true)
    expect(first).toEqual({ column: 'summary.loss', isDescending: true })
    const second = nextSort(first, 'summary.loss', true)
    expect(second).toEqual({ column: 'summary.loss', isDescending: false })
    expect(nextSort(second, 'summary.loss', true)).toBeNull()
    expect(nextSort(second, 'name', false)).toEqual({ column: 'name', isDescending: false })
  })
})

test('runs with a group stand under its head, the others last', () => {
  const list = [
    runFixture({ slug: 'a' }),
    runFixture({ slug: 'b', group: 'sweep' }),
    runFixture({ slug: 'c', group: 'sweep' }),
  ]
  const shape = (folded: string[]): string[] =>
    rowsOf(list, new Set(folded)).map((row) => (row.kind === 'group' ? `[${row.group} ${row.count}]` : row.run.slug))
  expect(shape([])).toEqual(['[sweep 2]', 'b', 'c', '[ 1]', 'a'])
  expect(shape(['sweep'])).toEqual(['[sweep 2]', '[ 1]', 'a'])
  expect(rowsOf([runFixture()], new Set()).map((row) => row.kind)).toEqual(['run'])
})
