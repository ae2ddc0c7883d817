'use client'
import type { ReactNode } from 'react'
import { usePlace } from '../frame/place.tsx'
import { ViewProvider } from './view-context.tsx'
import { Workspace } from './workspace.tsx'

/** The workspace of the project that the address names. */
export function WorkspacePage(): ReactNode {
  const place = usePlace()
  if (place === null) return null
  return (
    <ViewProvider key={`${place.organization}/${place.project}`}>
      <Workspace path={place} />
    </ViewProvider>
  )
}
