import type { XAxis } from '@kiroku/core/axes'
import type { GroupSeries } from '@kiroku/core/groups'
import type { Stream } from '@kiroku/core/history'
import type { Segment } from '../types.ts'

/** A run of a group: its UUID, the x axis that the metric has there, and its segments, as in `RequestedSeries`. */
export type GroupedRun = { run: string; x: XAxis; segments: readonly Segment[] }

/**
 * One metric over groups of runs of one project, in `buckets` equal buckets of the range of x (all of it when left out). A
 * run may be in several groups; in each it counts once, and has the same axis in all.
 */
export type StoreGroupsRequest = {
  project: string
  stream: Stream
  metric: string
  groups: readonly { runs: readonly GroupedRun[] }[]
  range?: { from: number; to: number } | undefined
  buckets: number
}

/** The groups in the order asked for, and the range of x that was cut; null without points. */
export type StoreGroupsAnswer = {
  range: { from: number; to: number } | null
  buckets: number
  groups: GroupSeries[]
}
