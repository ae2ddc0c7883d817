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

/** The artifact that the address names, and its version (`v0`) where it names one. */
export function useArtifactPlace(): { name: string; version: string | undefined } {
  const { name, version } = useParams<{ name?: string; version?: string }>()
  return { name: text(name), version: version === undefined ? undefined : text(version) }
}
