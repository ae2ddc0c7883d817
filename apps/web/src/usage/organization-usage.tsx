'use client'
import { projectSettingsPath } from '@kiroku/core/routes'
import { totalBytes, type UsageOrder, usageOf } from '@kiroku/core/usage'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { Button } from '../ui/button.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { CountedAt } from './counted-at.tsx'
import { UsageSum } from './usage-bar.tsx'
import { UsageTable } from './usage-table.tsx'

/** What an organization takes, and its projects, the largest first. Deleted ones can be restored here until they are purged. */
export function OrganizationUsage({ organization }: { organization: string }): ReactNode {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [order, setOrder] = useState<UsageOrder>('bytes')
  const query = useQuery(trpc.usage.byOrganization.queryOptions({ organization }))
  const restore = useMutation(trpc.projects.restore.mutationOptions({ onSuccess: () => client.invalidateQueries() }))
  if (query.error !== null && query.data === undefined)
    return <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
  if (query.data === undefined) return <Loading what="usage" />
  const { projects, total, storedFileBytes, countedAt } = query.data
  const sorted = projects.toSorted((one, other) => usageOf(other, order) - usageOf(one, order))
  const saved = total.fileBytes - storedFileBytes
  return (
    <>
      <UsageSum
        usage={total}
        ofBytes={totalBytes(total)}
        note={
          <>
            in {formatCount(projects.length)} {projects.length === 1 ? 'project' : 'projects'},{' '}
            <CountedAt time={countedAt} />
            {saved > 0 && `; files with the same content are stored once, which saves ${formatBytes(saved)}`}
          </>
        }
      />
      {sorted.length > 0 && (
        <UsageTable
          label="What projects take"
          nameLabel="Project"
          order={order}
          onOrder={setOrder}
          rows={sorted.map(({ id, name, runCount, restorableUntil, ...usage }) => ({
            id,
            usage,
            isDeleted: restorableUntil !== null,
            name:
              restorableUntil === null ? (
                <>
                  <Link prefetch={false} href={projectSettingsPath({ organization, project: name })}>
                    {name}
                  </Link>
                  <small>
                    {formatCount(runCount)} {runCount === 1 ? 'run' : 'runs'}
                  </small>
                </>
              ) : (
                <span>
                  {name} <small>deleted</small>
                </span>
              ),
            action: restorableUntil !== null && (
              <Button onClick={() => restore.mutate({ organization, id })} disabled={restore.isPending}>
                Restore
              </Button>
            ),
          }))}
        />
      )}
    </>
  )
}
