'use client'
import type { ReactNode } from 'react'
import { describeError } from '../src/api/trpc.ts'
import { Notice } from '../src/ui/notice.tsx'

export default function PageError({ error, reset }: { error: Error; reset: () => void }): ReactNode {
  return <Notice title="The page ran into an error." detail={describeError(error)} onRetry={reset} />
}
