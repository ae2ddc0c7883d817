'use client'
import type { ReactNode } from 'react'
import { describeError } from '../src/api/trpc.ts'
import { Notice } from '../src/ui/notice.tsx'

/** The server has another build now: parts of this page's are gone, and only loading the page anew helps. */
const isLeftBehind = (error: Error): boolean => error.name === 'ChunkLoadError' || /load chunk/i.test(error.message)

export default function PageError({ error, reset }: { error: Error; reset: () => void }): ReactNode {
  return (
    <Notice
      title="The page ran into an error."
      detail={describeError(error)}
      onRetry={isLeftBehind(error) ? () => window.location.reload() : reset}
    />
  )
}
