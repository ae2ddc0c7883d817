'use client'
import { decodePoints } from '@kiroku/core/points'
import type { ProjectPath } from '@kiroku/core/projects'
import { routes } from '@kiroku/core/routes'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { errorOf } from './series-client.ts'

/** So long a pointer has to rest on a point before its time is asked for. */
const restMs = 120

/** A point of a run's history. */
export type PointPlace = { run: string; metric: string; step: number }

/** When a point was logged, in unix milliseconds; null as long as that is not known, and where `point` is null. */
export function usePointTime(path: ProjectPath | null, point: PointPlace | null): number | null {
  const key = point === null ? '' : JSON.stringify([path, point])
  const [rested, setRested] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setRested(key), restMs)
    return () => clearTimeout(timer)
  }, [key])
  const { data } = useQuery({
    queryKey: ['point-time', key],
    queryFn: ({ signal }) => (path === null || point === null ? null : fetchTime(path, point, signal)),
    enabled: path !== null && point !== null && rested === key,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return data ?? null
}

async function fetchTime(
  path: ProjectPath,
  { run, metric, step }: PointPlace,
  signal: AbortSignal,
): Promise<number | null> {
  const page = new URLSearchParams({ ...path, run, metric, after: String(step - 1), limit: '1' })
  const response = await fetch(`${routes.points}?${page}`, { signal })
  if (!response.ok) throw await errorOf(response)
  const { steps, times } = decodePoints(new Uint8Array(await response.arrayBuffer()))
  return steps[0] === step ? (times[0] ?? null) : null
}
