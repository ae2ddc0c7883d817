import type { RunState } from '@kiroku/core/runs'

/** A writer as it bears on its run's state. Times are unix milliseconds. */
export type WriterFacts = {
  id: string
  createdAt: number
  heartbeatAt: number
  finishState: RunState | null
  exitCode: number | null
  finishedAt: number | null
}

/** How a run stands: `finishedAt` in unix milliseconds, null while it runs. */
export type RunStanding = { state: RunState; exitCode: number | null; finishedAt: number | null }

/**
 * How a run stands after one of its writers finished: the newest writer that finished decides, so that an older script's
 * late words do not end a resumed run. It still runs when a newer writer than that is heard of after `aliveSince`.
 */
export function standingAfterFinish(writers: readonly WriterFacts[], aliveSince: number): RunStanding {
  const newestFirst = [...writers].sort((left, right) => right.createdAt - left.createdAt)
  for (const writer of newestFirst) {
    if (writer.finishState !== null)
      return { state: writer.finishState, exitCode: writer.exitCode, finishedAt: writer.finishedAt }
    if (writer.heartbeatAt >= aliveSince) break
  }
  return { state: 'running', exitCode: null, finishedAt: null }
}
