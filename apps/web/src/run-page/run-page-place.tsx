'use client'
import type { ReactNode } from 'react'
import { usePlace, useRunSlug } from '../frame/place.tsx'
import { ViewProvider } from '../workspace/view-context.tsx'
import { RunPage } from './run-page.tsx'

/** The page of the run that the address names. */
export function RunPagePlace(): ReactNode {
  const place = usePlace()
  const slug = useRunSlug()
  if (place === null) return null
  return (
    <ViewProvider key={slug}>
      <RunPage path={place} slug={slug} />
    </ViewProvider>
  )
}
