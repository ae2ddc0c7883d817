import * as z from 'zod'

const historySchema = z.array(z.object({ query: z.string(), at: z.number() }))
export type PastQuery = z.infer<typeof historySchema>[number]

const longest = 30
const keyOf = (project: string): string => `kiroku.sql.${project}`

/** The queries that were run in this browser, the last one first; none where the browser keeps nothing. */
export function readHistory(project: string): PastQuery[] {
  try {
    return historySchema.parse(JSON.parse(localStorage.getItem(keyOf(project)) ?? '[]'))
  } catch {
    return []
  }
}

/** Remembers a query as the last one, once. */
export function remember(project: string, query: string, at: number): PastQuery[] {
  const history = [{ query, at }, ...readHistory(project).filter((past) => past.query !== query)].slice(0, longest)
  try {
    localStorage.setItem(keyOf(project), JSON.stringify(history))
  } catch {
    // A browser that keeps nothing has no history.
  }
  return history
}
