import type { QueryClient, QueryKey } from '@tanstack/react-query'

/** Which queries are meant: those whose key begins with it, or `exact`ly that one. */
export type QueryChoice = { queryKey: QueryKey; exact?: boolean }

/** Resolves once whatever is under way of these queries has come, failed or been given up. */
export async function arrived(client: QueryClient, choice: QueryChoice): Promise<void> {
  const underWay = client.getQueryCache().findAll({ ...choice, fetchStatus: 'fetching' })
  await Promise.allSettled(underWay.map((query) => query.promise))
}

/**
 * Asks anew for those of these queries that are shown, and answers once that has come. An answer that was under way may
 * be older than what there is to know, so it is waited for: the query would join it otherwise.
 */
export async function askAnew(client: QueryClient, choice: QueryChoice): Promise<void> {
  await arrived(client, choice)
  await client.invalidateQueries(choice, { cancelRefetch: false })
}
