'use client'
import { routes } from '@kiroku/core/routes'
import type { AppRouter } from '@kiroku/server'
import { createTRPCClient, httpBatchLink, httpLink, splitLink, TRPCClientError } from '@trpc/client'
import { createTRPCContext } from '@trpc/tanstack-react-query'

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>()

/** A client for the server that the page came from. */
export function createApiClient(): ReturnType<typeof createTRPCClient<AppRouter>> {
  const url = routes.trpc
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        // What names hundreds of runs does not fit in an address.
        condition: ({ context }) => context.isLarge === true,
        true: httpLink({ url, methodOverride: 'POST' }),
        false: httpBatchLink({ url, maxURLLength: 2000 }),
      }),
    ],
  })
}

/** True when the server wants the reader to sign in first. */
export function isUnauthorized(error: unknown): boolean {
  return error instanceof TRPCClientError ? error.data?.httpStatus === 401 : hasCode(error, 'UNAUTHORIZED')
}

/** True when there is nothing at the address that was asked for. */
export function isNotFound(error: unknown): boolean {
  return error instanceof TRPCClientError ? error.data?.httpStatus === 404 : hasCode(error, 'NOT_FOUND')
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** What went wrong, in one sentence for a reader. */
export function describeError(error: unknown): string {
  if (error instanceof TypeError) return 'The server does not answer.'
  if (error instanceof Error && /fetch/i.test(error.message)) return 'The server does not answer.'
  return error instanceof Error ? error.message : String(error)
}
