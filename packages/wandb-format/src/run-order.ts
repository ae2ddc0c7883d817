import { KirokuError } from '@kiroku/core/errors'
import type { RunOrder } from '@kiroku/core/run-filters'
import { readQueriedPath } from './run-query-paths.ts'

/**
 * The order that a query asks for, `+created_at` or `-summary_metrics.loss`; rising when it says neither, the oldest run first
 * when it says nothing. Throws BAD_REQUEST for a path that there is not.
 */
export function readRunOrder(text: string | null | undefined): RunOrder[] {
  const [, sign, name] = /^([+-]?)(.*)$/s.exec(text || '+created_at') ?? []
  const { path, kind } = readQueriedPath(name ?? '', 'order')
  if (kind === 'presence' || kind === 'tag')
    throw new KirokuError({ code: 'BAD_REQUEST', message: `order: runs are not sorted by ${name}` })
  return [{ path, direction: sign === '-' ? 'desc' : 'asc' }]
}
