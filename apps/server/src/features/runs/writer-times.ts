import type { Segment } from '@kiroku/metric-store'

/** A writer as it bears on how long its run ran. Times are unix milliseconds. */
export type WriterTimes = {
  startedAt: number
  heartbeatAt: number
  finishedAt: number | null
  runtimeBeforeMs: number
  /** The run was rewound after it: its time does not count. */
  isSuperseded: boolean
}

/** How long a run ran: to the end of the writer that brought it furthest, pauses between its scripts left out. */
export function runtimeOf(writers: readonly WriterTimes[]): number {
  return writers.reduce((longest, { startedAt, heartbeatAt, finishedAt, runtimeBeforeMs, isSuperseded }) => {
    const ran = runtimeBeforeMs + Math.max(0, (finishedAt ?? heartbeatAt) - startedAt)
    return isSuperseded ? longest : Math.max(longest, ran)
  }, 0)
}

/** How long a run had run for at a time: by the last of its segments, sorted by start, that had begun, or the first. */
export function runtimeAt(segments: readonly Segment[], time: number): number {
  const segment = segments.findLast(({ startedAt }) => startedAt <= time) ?? segments[0]
  return segment ? Math.max(0, segment.runtimeBeforeMs + time - segment.startedAt) : 0
}
