import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'

/** Which part of a list is asked for. */
export const pageSchema = z.object({ first: z.number().int().min(0).nullish(), after: z.string().nullish() })

/** The most entries of a page. */
const maxPage = 1000

/** A part of a whole list in the form of connections. A cursor is the number of entries before what follows it. */
export function pageOf<T>(all: readonly T[], { first, after }: z.infer<typeof pageSchema>) {
  const from = after ? Number(after) : 0
  if (!Number.isInteger(from) || from < 0)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `after: expected an endCursor of an earlier page, got ${after}`,
    })
  const entries = all.slice(from, from + Math.min(first ?? 50, maxPage))
  const end = from + entries.length
  return {
    edges: entries.map((node, index) => ({ node, cursor: String(from + index + 1) })),
    pageInfo: { hasNextPage: end < all.length, endCursor: entries.length > 0 ? String(end) : null },
    totalCount: all.length,
  }
}
