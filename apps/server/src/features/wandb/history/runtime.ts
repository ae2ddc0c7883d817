import type { Segment } from '@kiroku/metric-store'

/** How long a run had run for at a time, in milliseconds: by the last of its segments that had begun, or the first of all. */
export function runtimeAt(segments: readonly Segment[], time: number): number {
  const began = segments.filter(({ startedAt }) => startedAt <= time)
  const segment = began.at(-1) ?? segments[0]
  return segment ? Math.max(0, segment.runtimeBeforeMs + time - segment.startedAt) : 0
}
