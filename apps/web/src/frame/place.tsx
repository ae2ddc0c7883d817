'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { useParams } from 'next/navigation'

const text = (value: string | string[] | undefined): string => decodeURIComponent(String(value ?? ''))

/** The project that the address names; null on pages that are above projects. */
export function usePlace(): ProjectPath | null {
  const params = useParams<{ org?: string; project?: string }>()
  if (params.org === undefined || params.project === undefined) return null
  return { organization: text(params.org), project: text(params.project) }
}

/** The sweep that the address names, or an empty text. */
export function useSweepSlug(): string {
  return text(useParams<{ sweep?: string }>().sweep)
}

/** The run that the address names, or an empty text. */
export function useRunSlug(): string {
  return text(useParams<{ run?: string }>().run)
}
