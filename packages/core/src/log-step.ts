/** Where `log()` stands: the step it writes to, and whether an uncommitted row waits there. */
export type StepState = { step: number; hasRow: boolean }

export type LogCall = { step?: number | undefined; commit?: boolean | undefined }

/**
 * What one `log()` call does, in this order: flush the waiting row (`flushBefore`, at the step before the call), merge
 * the data unless `isDropped`, then flush again if `flushAfter`. `next` is the state afterwards.
 */
export type StepDecision = {
  isDropped: boolean
  flushBefore: boolean
  flushAfter: boolean
  step: number
  next: StepState
}

/**
 * The step machine of `log()`. A step above the current one flushes the waiting row and moves there; a step below it
 * drops the call; the row is flushed when `commit` says so, or, without `commit`, when no step was given.
 * After a flush the step rises by one.
 */
export function decideStep(state: StepState, call: LogCall): StepDecision {
  const { step: asked, commit } = call
  if (asked !== undefined && asked < state.step) {
    return { isDropped: true, flushBefore: false, flushAfter: false, step: state.step, next: state }
  }
  const flushBefore = asked !== undefined && asked > state.step && state.hasRow
  const step = asked ?? state.step
  const flushAfter = commit ?? asked === undefined
  return {
    isDropped: false,
    flushBefore,
    flushAfter,
    step,
    next: flushAfter ? { step: step + 1, hasRow: false } : { step, hasRow: true },
  }
}
