import type { Stream } from '@kiroku/core/history'

/** What a chart shows: one metric of one stream. */
export type ChartSubject = { metric: string; stream: Stream }

const systemPrefix = 'system~'

/** A chart's name in addresses. */
export function chartKey({ metric, stream }: ChartSubject): string {
  return stream === 'system' ? `${systemPrefix}${metric}` : metric
}
