'use client'
import type { ReactNode } from 'react'
import { usePlace } from '../frame/place.tsx'
import { ViewProvider } from '../workspace/view-context.tsx'
import { RunsTable } from './runs-table.tsx'

/** The runs table of the project that the address names. */
export function RunsTablePage(): ReactNode {
  const place = usePlace()
  if (place === null) return null
  return (
    <ViewProvider key={`${place.organization}/${place.project}`}>
      <RunsTable path={place} />
    </ViewProvider>
  )
}
