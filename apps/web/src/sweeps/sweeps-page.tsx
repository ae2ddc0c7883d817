'use client'
import type { ReactNode } from 'react'
import { usePlace } from '../frame/place.tsx'
import { SweepList } from './sweep-list.tsx'

/** The sweeps of the project that the address names. */
export function SweepsPage(): ReactNode {
  const place = usePlace()
  if (place === null) return null
  return <SweepList key={`${place.organization}/${place.project}`} path={place} />
}
