import { type XAxis, type XAxisChoice, xAxisLabel } from '@kiroku/core/axes'
import type { MetricInfo } from '@kiroku/core/queries'
import type { MenuChoiceOption } from '../ui/menu.tsx'
import { formatAxisChoice } from './view.ts'

/** The metrics that may be an x axis: step metrics first, then the others by name. */
export function axisMetrics(metrics: readonly MetricInfo[]): string[] {
  const usable = metrics.filter((metric) => metric.stream === 'history')
  const rank = (metric: MetricInfo): number => (metric.isStepMetric ? 0 : 1)
  return usable
    .toSorted((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name))
    .map(({ name }) => name)
}

/** What a reader may choose as x; `bound` names the axis that it stands for, where that is one. */
export function axisOptions(metrics: readonly MetricInfo[], bound: XAxis | null): MenuChoiceOption[] {
  return [
    { value: 'bound', label: 'As bound', detail: bound === null ? 'per metric' : xAxisLabel(bound) },
    { value: 'step', label: '_step' },
    { value: 'relative', label: 'Relative time' },
    { value: 'time', label: 'Wall time' },
    ...axisMetrics(metrics).map((name) => ({ value: formatAxisChoice({ kind: 'metric', name }), label: name })),
  ]
}

/** A choice of x in a few words. */
export function axisChoiceLabel(choice: XAxisChoice): string {
  return choice.kind === 'bound' ? 'as bound' : xAxisLabel(choice)
}
