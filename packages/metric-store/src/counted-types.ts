import type { Stream } from '@kiroku/core/history'
import type { MetricTotals } from '@kiroku/core/summary'
import type { WireValue } from '@kiroku/core/values'

/** Which metrics of one stream of a run to count: those named, or all of them for null. */
export type CountedRequest = { project: string; run: string; stream: Stream; metrics: readonly string[] | null }

/** A metric's totals as its points have them, `first` and `last` by step; `lastTime` is unix milliseconds. */
export type CountedMetric = { metric: string; totals: MetricTotals; lastTime: number }

/** The text of the highest step of a metric. */
export type LastText = { metric: string; step: number; time: number; value: WireValue }
