import type { RunState } from '@kiroku/core/runs'

/** A writer as it bears on its run's state. Times are unix milliseconds. */
export type WriterFacts = {
  id: string
  createdAt: number
  isResumed: boolean
  heartbeatAt: number
  finishState: RunState | null
  exitCode: number | null
  finishedAt: number | null
  /** False for a process of the wandb client, which may have been set to leave the run's end to another one. */
  tellsEnd: boolean
}

/** How a run stands: `finishedAt` in unix milliseconds, null while it runs. */
export type RunStanding = { state: RunState; exitCode: number | null; finishedAt: number | null }

const stillRunning: RunStanding = { state: 'running', exitCode: null, finishedAt: null }

/** How a run stands while a writer of it is heard of: what it said of its machine holds until another writer goes on with the run. */
export function liveState(before: RunState, isPreempting: boolean): 'running' | 'preempting' {
  return isPreempting || before === 'preempting' || before === 'preempted' ? 'preempting' : 'running'
}

/** What the end that a writer tells is, when its run stood so: to fail is what becomes of one whose machine is taken away. */
export function stateOfEnd(told: RunState, live: 'running' | 'preempting'): RunState {
  return live === 'preempting' && (told === 'failed' || told === 'crashed') ? 'preempted' : told
}

/**
 * How a run stands `now`, after one of its writers finished: the newest writer that finished decides, so that an older script's
 * late words do not end a resumed run. It still runs when a newer writer than that was heard of in the last `aliveMs`.
 *
 * The writers of a shared run are equal: it runs while any of them is alive, and then is `failed` if any failed, `crashed` if
 * any fell silent or died, `preempted` or `killed` if any was, else `finished`. Those of an earlier life of the run do not count,
 * nor, when another told its end, do silent ones that need not tell theirs.
 * `isPreempting`: those that fall silent are `preempted`.
 */
export function standingAfterFinish(
  writers: readonly WriterFacts[],
  { isShared, isPreempting, now, aliveMs }: { isShared: boolean; isPreempting: boolean; now: number; aliveMs: number },
): RunStanding {
  const aliveSince = now - aliveMs
  const standing = isShared
    ? sharedStanding(lastLife(writers, aliveMs), aliveSince, isPreempting ? 'preempted' : 'crashed')
    : newestStanding(writers, aliveSince)
  return isPreempting && standing === stillRunning ? { ...stillRunning, state: 'preempting' } : standing
}

function newestStanding(writers: readonly WriterFacts[], aliveSince: number): RunStanding {
  const newestFirst = [...writers].sort((left, right) => right.createdAt - left.createdAt)
  for (const writer of newestFirst) {
    if (writer.finishState !== null)
      return { state: writer.finishState, exitCode: writer.exitCode, finishedAt: writer.finishedAt }
    if (writer.heartbeatAt >= aliveSince) break
  }
  return stillRunning
}

/**
 * The writers that ran without a pause between them, up to the newest. One that died without a word may have run on for a
 * while after it was heard of last, unless a resume says that the run was over.
 */
function lastLife(writers: readonly WriterFacts[], aliveMs: number): WriterFacts[] {
  const oldestFirst = [...writers].sort((left, right) => left.createdAt - right.createdAt)
  let life: WriterFacts[] = []
  let heardAt = Number.NEGATIVE_INFINITY
  let mayRunUntil = Number.NEGATIVE_INFINITY
  for (const writer of oldestFirst) {
    if (writer.createdAt > (writer.isResumed ? heardAt : mayRunUntil)) life = []
    life.push(writer)
    heardAt = Math.max(heardAt, writer.heartbeatAt)
    mayRunUntil = Math.max(mayRunUntil, heardAt, writer.finishState === null ? writer.heartbeatAt + aliveMs : heardAt)
  }
  return life
}

function sharedStanding(
  writers: readonly WriterFacts[],
  aliveSince: number,
  silent: 'preempted' | 'crashed',
): RunStanding {
  if (writers.some(({ finishState, heartbeatAt }) => finishState === null && heartbeatAt >= aliveSince))
    return stillRunning
  const told = writers.filter(({ finishState, tellsEnd }) => finishState !== null || tellsEnd)
  const ends = (told.length > 0 ? told : writers).map(({ finishState, exitCode, finishedAt, heartbeatAt }) => ({
    state: finishState ?? silent,
    exitCode,
    finishedAt: finishedAt ?? heartbeatAt,
  }))
  const finishedAt = Math.max(...ends.map((end) => end.finishedAt))
  for (const state of ['failed', 'crashed', 'preempted', 'killed'] as const) {
    const end = ends.find((candidate) => candidate.state === state)
    if (end) return { state, exitCode: end.exitCode, finishedAt }
  }
  return { state: 'finished', exitCode: ends.at(-1)?.exitCode ?? null, finishedAt }
}
