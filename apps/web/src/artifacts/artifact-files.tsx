'use client'
import type { ArtifactDetail, ArtifactFile, VersionAddress } from '@kiroku/core/artifacts'
import { routes } from '@kiroku/core/routes'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Download, ExternalLink, File } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { Button } from '../ui/button.tsx'
import table from '../ui/file-table.module.css'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { VirtualRows } from '../ui/virtual-rows.tsx'
import styles from './artifacts.module.css'

/** The address of a file of a version. */
export function artifactFileUrl({ organization, project, name, version }: VersionAddress, path: string): string {
  return `${routes.artifactFiles}?${new URLSearchParams({ organization, project, name, version, path })}`
}

/** The files of a version by path, a page after the other, each to be downloaded. */
export function ArtifactFiles({ address, detail }: { address: VersionAddress; detail: ArtifactDetail }): ReactNode {
  const trpc = useTRPC()
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const query = useInfiniteQuery(
    trpc.artifacts.files.infiniteQueryOptions(
      { ...address, limit: 1000 },
      { getNextPageParam: (page) => page.nextCursor ?? undefined },
    ),
  )
  const files = query.data?.pages.flatMap((page) => page.files) ?? []
  if (query.data === undefined)
    return query.error === null ? (
      <Loading what="files" />
    ) : (
      <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
    )
  if (files.length === 0) return <Notice title="The version has no files." />
  return (
    <section className={styles.files} aria-label="Files">
      <div className={table.scroller} ref={setScroller}>
        <table className={table.table}>
          <caption className="visually-hidden">Files</caption>
          <thead>
            <tr>
              <th scope="col">
                Files <span className={styles.faint}>{formatCount(detail.fileCount)}</span>
              </th>
              <th scope="col" className={table.number}>
                Size
              </th>
              <th scope="col" className={table.action}>
                <span className="visually-hidden">Download</span>
              </th>
            </tr>
          </thead>
          <VirtualRows
            scroller={scroller}
            count={files.length}
            rowHeight={30}
            columns={3}
            renderRow={(index) => {
              const file = files[index]
              return file === undefined ? null : <Row address={address} file={file} />
            }}
          />
        </table>
        {query.hasNextPage && (
          <p className={styles.more}>
            {formatCount(files.length)} of {formatCount(detail.fileCount)}
            <Button look="outlined" onClick={() => void query.fetchNextPage()}>
              Show more
            </Button>
          </p>
        )}
      </div>
    </section>
  )
}

function Row({ address, file }: { address: VersionAddress; file: ArtifactFile }): ReactNode {
  const { path, size, ref, digest } = file
  return (
    <tr data-testid="artifact-file" data-path={path}>
      <th scope="row" title={ref === null ? `${path}, MD5 ${digest}` : `${path}, at ${ref}`}>
        <span className={styles.rowName}>
          {ref === null ? <File size={14} aria-hidden="true" /> : <ExternalLink size={14} aria-hidden="true" />}
          <span>{path}</span>
          {ref !== null && <span className={styles.faint}>{ref}</span>}
        </span>
      </th>
      <td className={table.number} title={`${formatCount(size)} bytes`}>
        {ref !== null && size === 0 ? '' : formatBytes(size)}
      </td>
      <td className={table.action}>
        {ref === null && (
          <a
            className={table.download}
            href={artifactFileUrl(address, path)}
            download={path.split('/').at(-1)}
            aria-label={`Download ${path}`}
          >
            <Download size={14} />
          </a>
        )}
      </td>
    </tr>
  )
}
