'use client'
import type { ReactNode } from 'react'
import { formatAge, formatMoment } from '../format/times.ts'
import { useNow } from '../ui/clock.ts'

/** How old figures are, in words. */
export function CountedAt({ time }: { time: number }): ReactNode {
  const now = useNow()
  const age = now === null ? 'now' : formatAge(now - time)
  return <time title={formatMoment(time)}>counted {age === 'now' ? 'just now' : `${age} ago`}</time>
}
