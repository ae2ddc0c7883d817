'use client'
import type { ReactNode } from 'react'
import { usePlace } from '../frame/place.tsx'
import { SqlConsole } from './sql-console.tsx'

/** The console of the project that the address names. */
export function SqlPage(): ReactNode {
  const place = usePlace()
  if (place === null) return null
  return <SqlConsole key={`${place.organization}/${place.project}`} path={place} />
}
