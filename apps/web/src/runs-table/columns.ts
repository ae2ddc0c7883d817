import type { MetricInfo } from '@kiroku/core/queries'
import type { Run } from '@kiroku/core/runs'
import type { Value } from '@kiroku/core/values'
import { ownValue } from '../ui/own-value.ts'
import { flatValues } from '../workspace/run-values.ts'

/** A column of the runs table: a fact of the run itself, a key of its config or summary, or a measure of what it logged. */
export type Column = { id: string; kind: 'fact' | 'config' | 'summary' | 'measure'; label: string }

/** What a run has in a column; undefined for nothing. */
export type CellValue = (run: Run, column: string) => Value | undefined

/** The columns that every run has. */
export const factColumns: readonly Column[] = [
  { id: 'state', kind: 'fact', label: 'State' },
  { id: 'tags', kind: 'fact', label: 'Tags' },
  { id: 'group', kind: 'fact', label: 'Group' },
  { id: 'jobType', kind: 'fact', label: 'Job type' },
  { id: 'created', kind: 'fact', label: 'Created' },
  { id: 'runtime', kind: 'fact', label: 'Run time' },
  { id: 'lastStep', kind: 'fact', label: 'Last step' },
]

const collator = new Intl.Collator('en', { numeric: true })

/** The columns for the keys that any of these runs has: summary first, each in the order of its names. */
export function valueColumns(runs: readonly Run[]): Column[] {
  const keysOf = (kind: 'config' | 'summary'): Column[] => {
    const keys = new Set(runs.flatMap((run) => Object.keys(flatValues(run[kind]))))
    return [...keys].toSorted(collator.compare).map((key) => ({ id: `${kind}.${key}`, kind, label: key }))
  }
  return [...keysOf('summary'), ...keysOf('config')]
}

/** The columns of both lists, each once, in the order of `valueColumns`; the first list itself where that is all. */
export function withColumns(known: readonly Column[], found: readonly Column[]): readonly Column[] {
  const ids = new Set(known.map(({ id }) => id))
  const fresh = found.filter(({ id }) => !ids.has(id))
  if (fresh.length === 0) return known
  const all = [...known, ...fresh].toSorted((one, other) => collator.compare(one.label, other.label))
  return [...all.filter(({ kind }) => kind === 'summary'), ...all.filter(({ kind }) => kind !== 'summary')]
}

/** The most columns of config and summary that a table has as it opens. */
const valueColumnsAtFirst = 12

/**
 * The columns that a table has as it opens: facts that some run has, then the keys worth comparing. Of a config those
 * whose values differ come first; a key that starts with `_` does not come by itself.
 */
export function columnsAtFirst(
  runs: readonly Run[],
  columns: readonly Column[],
  metrics: readonly MetricInfo[],
): string[] {
  const facts = factColumns.filter(({ id }) => {
    if (id === 'group') return runs.some((run) => run.group !== null)
    if (id === 'jobType') return runs.some((run) => run.jobType !== null)
    if (id === 'tags') return runs.some((run) => run.tags.length > 0)
    return id !== 'lastStep'
  })
  const quiet = new Set(metrics.filter((metric) => metric.isHidden || metric.isStepMetric).map(({ name }) => name))
  const differs = (column: Column): boolean =>
    new Set(runs.map((run) => JSON.stringify(cellValue(run, column.id) ?? null))).size > 1
  const isShort = (column: Column): boolean =>
    runs.every((run) => (JSON.stringify(cellValue(run, column.id)) ?? '').length <= 80)
  const usable = columns.filter(({ label }) => !label.startsWith('_') && !quiet.has(label)).filter(isShort)
  const summary = usable.filter(({ kind }) => kind === 'summary').slice(0, valueColumnsAtFirst / 2)
  const config = usable.filter(({ kind }) => kind === 'config')
  const ranked = runs.length > 1 ? [...config.filter(differs), ...config.filter((column) => !differs(column))] : config
  return [...facts, ...summary, ...ranked.slice(0, valueColumnsAtFirst - summary.length)].map(({ id }) => id)
}

/** What a run has in a column; undefined for nothing. */
export function cellValue(run: Run, column: string): Value | undefined {
  switch (column) {
    case 'name':
      return run.displayName
    case 'state':
      return run.state
    case 'tags':
      return run.tags.length > 0 ? run.tags : undefined
    case 'group':
      return run.group ?? undefined
    case 'jobType':
      return run.jobType ?? undefined
    case 'created':
      return run.createdAt
    case 'runtime':
      return run.runtimeMs
    case 'lastStep':
      return run.lastStep ?? undefined
  }
  const dot = column.indexOf('.')
  const key = column.slice(dot + 1)
  return ownValue(flatValues(column.startsWith('config.') ? run.config : run.summary), key)
}
