import type { MetricInfo } from '@kiroku/core/queries'
import type { Run } from '@kiroku/core/runs'
import type { RunLook } from '../chart/prepare-chart.ts'
import { keepRunColors, runColor } from '../colors/run-colors.ts'
import type { View } from './view.ts'

type DrawnView = Pick<View, 'drawn' | 'hidden' | 'shown'> & { groupBy?: string | null }

/** How many of the newest runs are drawn unless said otherwise: all of them while they are grouped. */
export function drawnAtFirst({ drawn, groupBy = null }: Pick<DrawnView, 'drawn' | 'groupBy'>): number {
  return groupBy === null ? drawn : Number.POSITIVE_INFINITY
}

/** The runs that charts draw: the newest of the list, without `hidden`, and those of `shown`. */
export function drawnRuns(runs: readonly Run[], view: DrawnView): Run[] {
  const newest = drawnAtFirst(view)
  const hidden = new Set(view.hidden)
  const shown = new Set(view.shown)
  return runs.filter((run, index) => shown.has(run.slug) || (index < newest && !hidden.has(run.slug)))
}

/** The view after the run's eye was clicked. */
export function withRunToggled(view: View, slug: string, isDrawn: boolean): View {
  const without = (list: readonly string[]): string[] => list.filter((other) => other !== slug)
  return isDrawn
    ? { ...view, hidden: [...without(view.hidden), slug], shown: without(view.shown) }
    : { ...view, hidden: without(view.hidden), shown: [...without(view.shown), slug] }
}

/** How runs look together, newest first as they came, in the colours that the reader has seen them in. */
export function looksOf(drawn: readonly Run[]): RunLook[] {
  const colors = keepRunColors(drawn.toReversed().map((run) => run.id))
  return drawn.map((run) => ({ run: run.slug, name: run.displayName, color: colors.get(run.id) ?? runColor(run.id) }))
}

const worthShowing = [/(^|[/_.])(val|eval|test)[^/]*[/_.](loss|acc)/i, /loss/i, /acc|score|reward|f1/i]

/**
 * The one metric that a run's line in a list shows. Of those that most runs have: one with a goal, else the first that
 * looks like a result.
 */
export function headlineMetric(metrics: readonly MetricInfo[]): string | null {
  const all = metrics.filter((metric) => metric.stream === 'history' && !metric.isHidden && !metric.isStepMetric)
  const most = Math.max(...all.map((metric) => metric.runCount))
  const charted = all.filter((metric) => metric.runCount * 2 > most)
  const withGoal = charted.filter((metric) => metric.goal !== null)
  const candidates = withGoal.length > 0 ? withGoal : charted
  const likely = worthShowing.flatMap((pattern) => candidates.find((metric) => pattern.test(metric.name)) ?? [])
  return (likely[0] ?? candidates[0])?.name ?? null
}
