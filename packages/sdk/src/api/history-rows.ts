import type { RunSegment } from '@kiroku/core/runs'
import type { Value } from '@kiroku/core/values'

/** Which rows of a run's history to read: those with any of these metrics, from `minStep` to `maxStep`, both included. */
export type HistoryOptions = { metrics?: readonly string[]; minStep?: number; maxStep?: number }

/**
 * One row: `_runtime` is how many seconds the run had run for, `_timestamp` the time in unix seconds; its values are under
 * their metrics' names.
 */
export type HistoryRow = { _step: number; _runtime: number; _timestamp: number; [metric: string]: Value }

/** What was sampled of the machine at one time; as in a row of the history, without a step. */
export type SystemRow = { _runtime: number; _timestamp: number; [metric: string]: Value }

/** One metric's values, sorted by step. Times are unix milliseconds. */
export type MetricColumn = {
  name: string
  steps: ArrayLike<number>
  times: ArrayLike<number>
  values: ArrayLike<Value>
}

/** What belongs to one step: the latest of the times, and the values that there are. */
export type StepRow = { step: number; time: number; values: [string, Value][] }

/** Puts the columns' values together, step by step. */
export function* mergeColumns(columns: readonly MetricColumn[]): Generator<StepRow> {
  const next = columns.map(() => 0)
  const stepOf = (column: MetricColumn, index: number): number => column.steps[next[index] ?? 0] ?? Infinity
  for (;;) {
    const step = columns.reduce((least, column, index) => Math.min(least, stepOf(column, index)), Infinity)
    if (step === Infinity) return
    const row: StepRow = { step, time: -Infinity, values: [] }
    columns.forEach((column, index) => {
      if (stepOf(column, index) !== step) return
      const at = next[index] ?? 0
      next[index] = at + 1
      row.time = Math.max(row.time, column.times[at] ?? -Infinity)
      row.values.push([column.name, column.values[at] ?? null])
    })
    yield row
  }
}

/** How long a run had run for at a time, in seconds: what lies between its end and its resuming does not count. */
export function runtimeAt(time: number, segments: readonly RunSegment[]): number {
  const segment = segments.findLast(({ startedAt }) => startedAt <= time) ?? segments[0]
  return segment === undefined ? 0 : (time - segment.startedAt + segment.runtimeBeforeMs) / 1000
}

/** The part of sorted columns from one step to another, both included. */
export function within(
  column: MetricColumn,
  { minStep = -Infinity, maxStep = Infinity }: HistoryOptions,
): MetricColumn {
  const { steps } = column
  const from = firstAt(steps, (step) => step >= minStep)
  const to = firstAt(steps, (step) => step > maxStep)
  if (from === 0 && to === steps.length) return column
  const part = <T>(list: ArrayLike<T>): T[] => Array.prototype.slice.call(list, from, to)
  return { name: column.name, steps: part(steps), times: part(column.times), values: part(column.values) }
}

/** The index of the first element for which the answer is yes, when it is for all after it. */
function firstAt(sorted: ArrayLike<number>, is: (element: number) => boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (is(sorted[middle] ?? Infinity)) high = middle
    else low = middle + 1
  }
  return low
}
