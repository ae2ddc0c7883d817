'use client'
import type { Run } from '@kiroku/core/runs'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC, useTRPCClient } from '../api/trpc.ts'
import { toastUndo } from '../ui/toasts.tsx'

type DeletedRun = Pick<Run, 'organization' | 'project' | 'slug' | 'displayName'>

/** Deletes a run at once and offers to take it back. */
export function useDeleteRun(): (run: DeletedRun) => void {
  const trpc = useTRPC()
  const api = useTRPCClient()
  const client = useQueryClient()
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: trpc.runs.list.pathKey() })
  const restore = useMutation(trpc.runs.restore.mutationOptions({ onSuccess: refresh }))
  const remove = useMutation({
    mutationFn: ({ organization, project, slug }: DeletedRun) =>
      api.runs.delete.mutate({ organization, project, run: slug }),
    // Here rather than with `mutate`, which forgets what it was told when its page is left.
    onSuccess: async (_answer, { organization, project, slug, displayName }) => {
      toastUndo(`${displayName} is deleted`, () => restore.mutate({ organization, project, run: slug }))
      await refresh()
    },
  })
  return (run) => remove.mutate(run)
}
