'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { runPath } from '@kiroku/core/routes'
import { totalBytes, type UsageOrder } from '@kiroku/core/usage'
import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import { describeError, useTRPC, useTRPCClient } from '../api/trpc.ts'
import { formatCount } from '../format/numbers.ts'
import { Button } from '../ui/button.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { CountedAt } from './counted-at.tsx'
import styles from './usage.module.css'
import { UsageSum } from './usage-bar.tsx'
import { UsageTable } from './usage-table.tsx'

const pageSize = 100

/** What a project takes, and its runs, the largest first. Deleted runs can be restored here until they are purged. */
export function ProjectUsage({ path }: { path: ProjectPath }): ReactNode {
  const trpc = useTRPC()
  const api = useTRPCClient()
  const client = useQueryClient()
  const [order, setOrder] = useState<UsageOrder>('bytes')
  const query = useInfiniteQuery({
    queryKey: [...trpc.usage.byProject.queryKey(path), order],
    queryFn: ({ pageParam, signal }) =>
      api.usage.byProject.query({ ...path, order, offset: pageParam, limit: pageSize }, { signal }),
    initialPageParam: 0,
    getNextPageParam: ({ runCount }, pages) =>
      pages.length * pageSize < runCount ? pages.length * pageSize : undefined,
    placeholderData: keepPreviousData,
  })
  const refresh = (): Promise<void> => client.invalidateQueries()
  const restore = useMutation(trpc.runs.restore.mutationOptions({ onSuccess: refresh }))
  if (query.error !== null && query.data === undefined)
    return <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
  const [first] = query.data?.pages ?? []
  if (query.data === undefined || first === undefined) return <Loading what="usage" />
  const runs = query.data.pages.flatMap((page) => page.runs)
  return (
    <>
      <UsageSum
        usage={first.total}
        ofBytes={totalBytes(first.total)}
        note={
          <>
            in {formatCount(first.runCount)} {first.runCount === 1 ? 'run' : 'runs'},{' '}
            <CountedAt time={first.countedAt} />
          </>
        }
      />
      {runs.length > 0 && (
        <UsageTable
          label="What runs take"
          nameLabel="Run"
          order={order}
          onOrder={setOrder}
          rows={runs.map(({ run, displayName, restorableUntil, ...usage }) => ({
            id: run,
            usage,
            isDeleted: restorableUntil !== null,
            name:
              restorableUntil === null ? (
                <Link prefetch={false} href={runPath({ ...path, run })}>
                  {displayName}
                </Link>
              ) : (
                <span>
                  {displayName} <small>deleted</small>
                </span>
              ),
            action: restorableUntil !== null && (
              <Button onClick={() => restore.mutate({ ...path, run })} disabled={restore.isPending}>
                Restore
              </Button>
            ),
          }))}
        />
      )}
      {query.hasNextPage && (
        <p className={styles.more}>
          <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            Show {formatCount(Math.min(pageSize, first.runCount - runs.length))} more
          </Button>
          {formatCount(runs.length)} of {formatCount(first.runCount)} runs are shown
        </p>
      )}
    </>
  )
}
