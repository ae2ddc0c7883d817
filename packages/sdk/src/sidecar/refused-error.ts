import type { ErrorCode } from '@kiroku/core/errors'
import type { Outcome } from './server-client.ts'

/**
 * The server refused a run; the message says why, `code` is the server's own where it named one. `isFinal`: asking again
 * would be another question.
 */
export class RefusedError extends Error {
  readonly code: ErrorCode | null
  readonly isFinal: boolean

  constructor(why: string, { code = null, isFinal = false }: { code?: ErrorCode | null; isFinal?: boolean } = {}) {
    super(why)
    this.code = code
    this.isFinal = isFinal
  }

  /** The error of an outcome that is not what was asked for. */
  static of(outcome: Outcome<unknown>, { isFinal = false }: { isFinal?: boolean } = {}): RefusedError {
    const code = outcome.kind === 'refused' || outcome.kind === 'unknown' ? outcome.code : null
    return new RefusedError('why' in outcome ? outcome.why : 'it answers out of order', { code, isFinal })
  }
}
