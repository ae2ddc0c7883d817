'use client'
import type { ReactNode } from 'react'
import { formatAge, formatMoment } from '../format/times.ts'
import { useNow } from './clock.ts'

/** How long ago a moment was; the moment itself on hover. */
export function Age({ time }: { time: number }): ReactNode {
  const now = useNow()
  if (now === null) return null
  return (
    <time dateTime={new Date(time).toISOString()} title={formatMoment(time)}>
      {formatAge(now - time)}
    </time>
  )
}
