import { KirokuError } from '@kiroku/core/errors'
import type { SweepAction, SweepState } from '@kiroku/core/sweeps/sweeps'

/** A sweep as far as its state goes on. */
export type StatedSweep = { slug: string; state: SweepState; issued: number; expectedRuns: number | null }

/** The state after an action, which may be the same. Throws CONFLICT for what a sweep of this state cannot do. */
export function stateAfter({ slug, state, issued, expectedRuns }: StatedSweep, action: SweepAction): SweepState {
  const refuse = (message: string): never => {
    throw new KirokuError({ code: 'CONFLICT', message: `the sweep ${slug} is ${state}: ${message}` })
  }
  switch (action) {
    case 'pause':
      if (state === 'pending' || state === 'running' || state === 'paused') return 'paused'
      return refuse('there is nothing to pause')
    case 'resume':
      if (state === 'paused' || state === 'running') return 'running'
      if (state === 'pending') return state
      if (state === 'canceled') return refuse('it cannot go on; make a new sweep')
      if (expectedRuns !== null && issued >= expectedRuns)
        return refuse(`all of its ${expectedRuns} runs were handed out; raise run_cap, or make a new sweep`)
      return 'running'
    case 'stop':
      return state === 'canceled' ? refuse('it hands out nothing more') : 'finished'
    case 'cancel':
      return 'canceled'
  }
}
