'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { projectPath, projectSettingsPath } from '@kiroku/core/routes'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useTRPC, useTRPCClient } from '../api/trpc.ts'
import { toastUndo } from '../ui/toasts.tsx'

export type ProjectChanges = {
  rename: (name: string) => void
  keepFor: (retentionDays: number | null, before: number | null) => void
  remove: () => void
}

/** Changes a project at once and offers to take back what can be taken back. */
export function useProjectChanges(path: ProjectPath): ProjectChanges {
  const trpc = useTRPC()
  const api = useTRPCClient()
  const client = useQueryClient()
  const router = useRouter()
  const refresh = (): Promise<void> => client.invalidateQueries()
  const undoRetention = useMutation(trpc.projects.update.mutationOptions({ onSuccess: refresh }))
  const rename = useMutation(
    trpc.projects.update.mutationOptions({
      onSuccess: async ({ organization, name }) => {
        router.replace(projectSettingsPath({ organization, project: name }))
        await refresh()
      },
    }),
  )
  const retain = useMutation({
    mutationFn: ({ days }: { days: number | null; before: number | null }) =>
      api.projects.update.mutate({ ...path, set: { retentionDays: days } }),
    onSuccess: async (_answer, { days, before }) => {
      const told =
        days === null
          ? 'Runs are kept for ever'
          : `Runs are deleted ${days} ${days === 1 ? 'day' : 'days'} after they ended`
      toastUndo(told, () => undoRetention.mutate({ ...path, set: { retentionDays: before } }))
      await refresh()
    },
  })
  const restore = useMutation(
    trpc.projects.restore.mutationOptions({
      onSuccess: async ({ organization, name }) => {
        await refresh()
        router.push(projectPath({ organization, project: name }))
      },
    }),
  )
  const remove = useMutation(
    trpc.projects.delete.mutationOptions({
      onSuccess: async ({ id, name }) => {
        toastUndo(`${name} is deleted`, () => restore.mutate({ organization: path.organization, id }))
        router.push('/')
        await client.invalidateQueries({ queryKey: trpc.projects.list.pathKey() })
      },
    }),
  )
  return {
    rename: (name) => rename.mutate({ ...path, set: { name } }),
    keepFor: (days, before) => retain.mutate({ days, before }),
    remove: () => remove.mutate(path),
  }
}
