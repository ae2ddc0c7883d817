import type { MetricInfo } from '@kiroku/core/queries'
import type { PartialAnswer } from '@kiroku/core/series'
import type { SeriesState } from '../api/use-series.ts'
import type { ChartModel } from '../chart/prepare-chart.ts'
import { metricTitle } from './metric-title.ts'

/** A chart in one sentence, for those who cannot see it. */
export function describeModel(metric: MetricInfo, model: ChartModel): string {
  const runs = model.lines
    .map((line) => line.name)
    .slice(0, 5)
    .join(', ')
  const more = model.lines.length > 5 ? ` and ${model.lines.length - 5} more` : ''
  return `${metricTitle(metric).title} over ${model.axisLabel}, ${model.badge?.label ?? 'empty'}: ${runs}${more}. Plus and minus zoom, arrows move, 0 resets.`
}

/** What the picture shows, in attributes, for tests and extensions that cannot read a canvas. */
export function dataOf(
  metric: MetricInfo,
  model: ChartModel | null,
  state: Pick<SeriesState, 'error' | 'isOld'>,
  partial: PartialAnswer | undefined,
): Record<string, string | number> {
  const sum = (value: (line: ChartModel['lines'][number]) => number): number =>
    model?.lines.reduce((total, line) => total + value(line), 0) ?? 0
  const lastX = model?.lines.map((line) => line.xRange?.to ?? Number.NEGATIVE_INFINITY) ?? []
  return {
    'data-metric': metric.name,
    'data-stream': metric.stream,
    'data-state': state.error !== null ? 'error' : model === null ? 'loading' : state.isOld ? 'old' : 'ready',
    'data-missing-shards': partial?.missingShards.join(' ') ?? '',
    'data-lines': model?.lines.length ?? 0,
    'data-points': sum((line) => line.count),
    'data-nan': sum((line) => line.nanCount),
    'data-infinite': sum((line) => line.infinityCount),
    'data-x-title': model?.axisLabel ?? '',
    'data-from': model?.x.from ?? '',
    'data-to': model?.x.to ?? '',
    'data-last-x': lastX.length > 0 ? Math.max(...lastX) : '',
    'data-low': model?.lines.length
      ? Math.min(...model.lines.map((line) => line.yRange?.from ?? Number.POSITIVE_INFINITY))
      : '',
    'data-high': model?.lines.length
      ? Math.max(...model.lines.map((line) => line.yRange?.to ?? Number.NEGATIVE_INFINITY))
      : '',
  }
}
