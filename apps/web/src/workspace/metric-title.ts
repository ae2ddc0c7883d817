import type { MetricInfo } from '@kiroku/core/queries'
import { familyOf, systemRule } from './system-metrics.ts'

/** How a metric is called where a reader meets it. */
export type MetricTitle = { title: string; unit: string | null }

/** A metric's title and unit: its own name, or of what the SDK measures of the machine, words. */
export function metricTitle({ name, stream, unit }: Pick<MetricInfo, 'name' | 'stream' | 'unit'>): MetricTitle {
  const rule = stream === 'system' ? systemRule(familyOf(name)) : undefined
  return rule === undefined ? { title: name, unit } : { title: rule.title, unit: unit ?? rule.unit }
}
