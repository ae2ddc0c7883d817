import { describe, expect, it } from 'vitest'
import { describeIssues } from './errors.ts'
import { matchesFilter, sortRunsBy } from './run-filter-rules.ts'
import {
  maxFilterConditions,
  maxFilterDepth,
  maxFilterValues,
  pathsOfFilter,
  type RunFilter,
  runFilterSchema,
  runOrderSchema,
} from './run-filters.ts'
import { parseRunPath, type RunValues, valueAtPath } from './run-paths.ts'
import type { WireRecord } from './values.ts'

const runOf = (summary: WireRecord, id = 'a'): RunValues & { id: string } => ({
  id,
  slug: id,
  displayName: id,
  state: 'finished',
  group: null,
  jobType: null,
  notes: null,
  tags: ['x', 'y'],
  config: {},
  summary,
  createdAt: 0,
  startedAt: 0,
  finishedAt: 0,
  heartbeatAt: 0,
  runtimeMs: 0,
  lastStep: null,
  exitCode: 0,
  git: {},
  host: {},
  sweep: null,
})

const fault = (filter: unknown): string => {
  const result = runFilterSchema.safeParse(filter)
  return result.success ? '' : describeIssues(result.error)
}
const nested = (depth: number): unknown =>
  depth === 1 ? { op: 'exists', path: 'slug' } : { op: 'not', filter: nested(depth - 1) }

describe('a path', () => {
  it('leads to a field, or by dots into config and summary', () => {
    expect(parseRunPath('createdAt')).toEqual({ source: 'run', key: 'createdAt' })
    expect(parseRunPath('config.a.b')).toEqual({ source: 'config', key: 'a.b' })
    for (const text of ['', 'config', 'config.', 'other.a', 'Slug']) expect(parseRunPath(text)).toBeNull()
    const at = (summary: WireRecord, key: string) => valueAtPath(runOf(summary), { source: 'summary', key })
    expect(at({ 'a.b': 1, a: { b: 2 } }, 'a.b')).toBe(1)
    expect(at({ 'a.b': { c: 1 }, a: { 'b.c': 2 } }, 'a.b.c')).toBe(1)
    expect(at({ a: { b: { c: 3 } } }, 'a.b.c')).toBe(3)
    expect(at({ $$x: { $$y: 1 } }, '$x.$y')).toBe(1)
    expect(at({ a: { $n: 'NaN' } }, 'a.$n')).toBeUndefined()
    expect(at({}, 'constructor')).toBeUndefined()
  })
})

describe('a filter', () => {
  it('is bounded before it is looked into', () => {
    expect(fault(nested(maxFilterDepth))).toBe('')
    expect(fault(nested(maxFilterDepth + 1))).toContain(`${maxFilterDepth} deep`)
    expect(fault(nested(5000))).toContain('deep')
    const wide = (count: number) => ({ op: 'or', filters: Array.from({ length: count }, () => nested(1)) })
    expect(fault(wide(maxFilterConditions - 1))).toBe('')
    expect(fault(wide(maxFilterConditions))).toContain(String(maxFilterConditions))
    const list = (count: number) => ({ op: 'in', path: 'slug', values: Array.from({ length: count }, () => 'a') })
    expect(fault(list(maxFilterValues))).toBe('')
    expect(fault(list(maxFilterValues + 1))).toContain(String(maxFilterValues))
  })

  it('is refused by the field that is wrong', () => {
    expect(fault({ op: 'and', filters: [{ op: 'eq', path: 'x', value: 1 }] })).toMatch(
      /^filters\.0\.path: "x" is no path/,
    )
    expect(fault({ op: 'gt', path: 'slug', value: true })).toMatch(/^value: expected a number or a text/)
    expect(fault({ op: 'regex', path: 'slug', pattern: '\\p{L}' })).toMatch(/^pattern: /)
    expect(fault(null)).not.toBe('')
    expect(runOrderSchema.safeParse([{ path: 'slug' }]).data).toEqual([{ path: 'slug', direction: 'asc' }])
  })

  it('names each of its paths once', () => {
    const filter: RunFilter = {
      op: 'and',
      filters: [
        { op: 'exists', path: 'slug' },
        { op: 'not', filter: { op: 'eq', path: 'config.a', value: 1 } },
        { op: 'eq', path: 'slug', value: 'x' },
      ],
    }
    expect(pathsOfFilter(filter)).toEqual(['slug', 'config.a'])
  })

  it('holds numbers against numbers, texts against texts, and lists by what they contain', () => {
    const matches = (filter: RunFilter) =>
      matchesFilter(runOf({ n: 2, nan: { $n: 'NaN' }, s: '10', none: null }), filter)
    expect(matches({ op: 'lt', path: 'summary.n', value: 10 })).toBe(true)
    expect(matches({ op: 'lt', path: 'summary.s', value: 20 })).toBe(false)
    expect(matches({ op: 'lt', path: 'summary.s', value: '2' })).toBe(true)
    expect(matches({ op: 'gt', path: 'summary.nan', value: 0 })).toBe(false)
    expect(matches({ op: 'eq', path: 'summary.nan', value: { $n: 'NaN' } })).toBe(true)
    expect(matches({ op: 'eq', path: 'tags', value: 'y' })).toBe(true)
    expect(matches({ op: 'ne', path: 'summary.missing', value: 1 })).toBe(true)
    expect(matches({ op: 'eq', path: 'summary.missing', value: null })).toBe(true)
    expect(matches({ op: 'exists', path: 'summary.none' })).toBe(true)
  })
})

describe('an order', () => {
  it('has numbers, texts, NaN, nothing, either way', () => {
    const runs = [{ $n: 'NaN' }, 'b', undefined, 1, { $n: '-Infinity' }, null, 'a', 2].map((v, index) =>
      runOf(v === undefined ? {} : { v }, String(index)),
    )
    const sorted = (direction: 'asc' | 'desc') =>
      sortRunsBy(runs, [{ path: 'summary.v', direction }])
        .map(({ id }) => id)
        .join('')
    expect(sorted('asc')).toBe('43761052')
    expect(sorted('desc')).toBe('73416052')
  })
})
