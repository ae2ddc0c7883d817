import { type Measure, measureSchema } from '@kiroku/core/measures'
import type { Column } from './columns.ts'

const prefix = 'measure.'

/** A measure as the id of its column, which stands in the address: `measure.best:max:NAME`, `measure.last:10:NAME`. */
export function measureId(measure: Measure): string {
  switch (measure.kind) {
    case 'best':
      return `${prefix}best:${measure.goal}:${measure.metric}`
    case 'target':
      return `${prefix}${measure.direction}:${measure.target}:${measure.metric}`
    case 'last':
      return `${prefix}last:${measure.count}:${measure.metric}`
  }
}

/** The inverse of `measureId`; null for what it never writes. */
export function parseMeasureId(id: string): Measure | null {
  const [, kind, setting = '', metric] = /^measure\.(best|atLeast|atMost|last):([^:]+):(.+)$/s.exec(id) ?? []
  const said =
    kind === 'best'
      ? { kind, metric, goal: setting }
      : kind === 'last'
        ? { kind, metric, count: Number(setting) }
        : { kind: 'target', metric, direction: kind, target: Number(setting) }
  return measureSchema.safeParse(said).data ?? null
}

/** What a measure is called. */
export function measureLabel(measure: Measure): string {
  switch (measure.kind) {
    case 'best':
      return `${measure.goal === 'max' ? 'highest' : 'lowest'} ${measure.metric}`
    case 'target':
      return `steps to ${measure.metric} ${measure.direction === 'atLeast' ? '≥' : '≤'} ${measure.target}`
    case 'last':
      return `last ${measure.count} mean ${measure.metric}`
  }
}

/** The columns among these that are measures. */
export function measureColumns(columns: readonly string[] | null): (Column & { measure: Measure })[] {
  return (columns ?? []).flatMap((id) => {
    const measure = parseMeasureId(id)
    return measure === null ? [] : [{ id, kind: 'measure' as const, label: measureLabel(measure), measure }]
  })
}
