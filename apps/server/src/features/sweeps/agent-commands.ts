import type { SweepState } from '@kiroku/core/sweeps/sweeps'
import type { WireRecord } from '@kiroku/core/values'

/** A run that was handed out: its id, and its parameters in wire form. */
export type HandedRun = { run: string; config: WireRecord }

/** What an agent is told to do. `program` is what it starts, where the sweep names one. */
export type AgentCommand =
  | { type: 'run'; run: string; config: WireRecord; program: string | null }
  | { type: 'stop'; run: string }
  | { type: 'exit' }

/** What is known when an agent asks. */
export type AgentSituation = {
  state: SweepState
  /** The runs that the agent says are going on. */
  running: readonly string[]
  /** Those of them that early termination ends, or that another agent has now. */
  stopped: readonly string[]
}

/**
 * What an agent does next, apart from beginning a run: `next` when it is free for one. An agent has one run at a time, and is told
 * to end only when none of its own goes on, since that would end it, too.
 */
export function commandsBefore({ state, running, stopped }: AgentSituation): readonly AgentCommand[] | 'next' {
  const stop = (run: string): AgentCommand => ({ type: 'stop', run })
  if (state === 'canceled') return running.length > 0 ? running.map(stop) : [{ type: 'exit' }]
  if (running.length > 0) return stopped.map(stop)
  if (state === 'finished') return [{ type: 'exit' }]
  return state === 'paused' ? [] : 'next'
}
