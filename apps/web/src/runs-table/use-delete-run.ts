'use client'
import type { Run } from '@kiroku/core/runs'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '../api/trpc.ts'
import { toastUndo } from '../ui/toasts.tsx'

/** Deletes a run at once and offers to take it back. */
export function useDeleteRun(): (run: Pick<Run, 'organization' | 'project' | 'slug' | 'displayName'>) => void {
  const trpc = useTRPC()
  const client = useQueryClient()
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: trpc.runs.list.pathKey() })
  const restore = useMutation(trpc.runs.restore.mutationOptions({ onSuccess: refresh }))
  const remove = useMutation(trpc.runs.delete.mutationOptions({ onSuccess: refresh }))
  return ({ organization, project, slug, displayName }) => {
    const address = { organization, project, run: slug }
    remove.mutate(address, {
      onSuccess: () => toastUndo(`${displayName} is deleted`, () => restore.mutate(address)),
    })
  }
}
