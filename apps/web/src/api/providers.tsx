'use client'
import { Toast } from '@base-ui/react/toast'
import { Tooltip } from '@base-ui/react/tooltip'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Toasts, toastManager } from '../ui/toasts.tsx'
import { createApiClient, describeError, isNotFound, isUnauthorized, TRPCProvider } from './trpc.ts'

function toSignIn(): void {
  const { pathname, search } = window.location
  if (pathname !== '/login') window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`)
}

function createQueryClient(): QueryClient {
  const onError = (error: unknown): void => {
    if (isUnauthorized(error)) toSignIn()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({
      onError: (error) => {
        onError(error)
        if (!isUnauthorized(error)) toastManager.add({ title: describeError(error), type: 'error' })
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < 2 && !isUnauthorized(error) && !isNotFound(error),
        retryDelay: (count) => 400 * 2 ** count,
      },
    },
  })
}

/** Everything that pages share: the API, its cache, toasts and tooltips. */
export function Providers({ children }: { children: ReactNode }): ReactNode {
  const [queryClient] = useState(createQueryClient)
  const [trpcClient] = useState(createApiClient)
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        <Tooltip.Provider delay={300} closeDelay={0}>
          <Toast.Provider toastManager={toastManager}>
            {children}
            <Toasts />
          </Toast.Provider>
        </Tooltip.Provider>
      </TRPCProvider>
    </QueryClientProvider>
  )
}
