'use client'
import { organizationSettingsPath } from '@kiroku/core/routes'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import type { ReactNode } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { formatMoment } from '../format/times.ts'
import { Button } from '../ui/button.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { toastUndo } from '../ui/toasts.tsx'
import { OrganizationUsage } from '../usage/organization-usage.tsx'
import styles from './settings.module.css'

/** An organization's settings, or the offer to restore one that was deleted. */
export function OrganizationSettings({ organization }: { organization: string }): ReactNode {
  const trpc = useTRPC()
  const client = useQueryClient()
  const router = useRouter()
  const viewer = useQuery(trpc.viewer.me.queryOptions())
  const restore = useMutation(
    trpc.organizations.restore.mutationOptions({
      onSuccess: async () => {
        await client.invalidateQueries()
        router.push(organizationSettingsPath(organization))
      },
    }),
  )
  const remove = useMutation(
    trpc.organizations.delete.mutationOptions({
      onSuccess: async ({ name }) => {
        toastUndo(`${name} is deleted`, () => restore.mutate({ organization }))
        await client.invalidateQueries()
      },
    }),
  )
  if (viewer.error !== null && viewer.data === undefined)
    return <Notice title={describeError(viewer.error)} onRetry={() => void viewer.refetch()} />
  if (viewer.data === undefined) return <Loading what="settings" />
  const deleted = viewer.data.deletedOrganizations.find(({ slug }) => slug === organization)
  const isHome = viewer.data.home === organization
  const own = viewer.data.organizations.find(({ slug }) => slug === organization)
  if (deleted !== undefined)
    return (
      <Notice
        title={`${deleted.name} was deleted.`}
        detail={`It can be restored until ${formatMoment(deleted.restorableUntil)}.`}
        act={{ label: 'Restore', onAct: () => restore.mutate({ organization }) }}
      />
    )
  if (own === undefined)
    return <Notice title="There is no such organization." way={{ label: 'All projects', path: '/' }} />
  return (
    <div className={styles.page}>
      <div className={styles.column}>
        <h1 className={styles.heading}>
          Organization settings <span>of {own.name}</span>
        </h1>
        <section className={styles.section} aria-label="Usage">
          <h2>Usage</h2>
          <OrganizationUsage organization={organization} />
        </section>
        <section className={styles.section} aria-label="Delete">
          <h2>Delete</h2>
          <Button
            className={styles.danger}
            onClick={() => remove.mutate({ organization })}
            disabled={isHome || remove.isPending}
          >
            Delete organization
          </Button>
          <p className={styles.hint}>
            {isHome
              ? 'The server was set up with this organization and needs it. Its projects can be deleted, each in its settings.'
              : 'All projects, runs, files and API keys go with it, and scripts that still send are refused. Any member can restore it for a day; then everything is removed from the disk.'}
          </p>
        </section>
      </div>
    </div>
  )
}
