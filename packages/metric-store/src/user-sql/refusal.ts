import { KirokuError } from '@kiroku/core/errors'
import type { SqlErrorDetails } from '@kiroku/core/sql'

/** What is wrong with a user's query, in one line though it quotes the query, and where in its text. */
export function refusal(message: string, where?: SqlErrorDetails | undefined): KirokuError {
  return new KirokuError({
    code: 'BAD_REQUEST',
    message: message.replaceAll(/\s*[\r\n]\s*/g, ' '),
    ...(where && { details: { from: where.from, to: where.to } }),
  })
}
