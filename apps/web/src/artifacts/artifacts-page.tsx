'use client'
import { type Artifact, runTableTypes } from '@kiroku/core/artifacts'
import type { ProjectPath } from '@kiroku/core/projects'
import { artifactPath } from '@kiroku/core/routes'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Box } from 'lucide-react'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { usePlace } from '../frame/place.tsx'
import { Age } from '../ui/age.tsx'
import { Button } from '../ui/button.tsx'
import table from '../ui/file-table.module.css'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import styles from './artifacts.module.css'

/** The artifacts of the project that the address names. */
export function ArtifactsPage(): ReactNode {
  const place = usePlace()
  return place === null ? null : <ArtifactTable key={`${place.organization}/${place.project}`} path={place} />
}

function ArtifactTable({ path }: { path: ProjectPath }): ReactNode {
  const trpc = useTRPC()
  const [type, setType] = useState<string | undefined>()
  const query = useInfiniteQuery(
    trpc.artifacts.list.infiniteQueryOptions(
      { ...path, ...(type === undefined ? {} : { type }) },
      { getNextPageParam: (page) => page.nextCursor ?? undefined, placeholderData: (last) => last },
    ),
  )
  const pages = query.data?.pages
  const first = pages?.[0]
  if (first === undefined)
    return query.error === null ? (
      <Loading what="artifacts" />
    ) : (
      <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
    )
  if (first.types.length === 0)
    return (
      <Notice
        title="The project has no artifacts yet."
        detail="They come with run.log_artifact() of wandb: data sets, models, code. Each change is a version."
      />
    )
  const artifacts = pages?.flatMap((page) => page.artifacts) ?? []
  return (
    <section className={styles.page} aria-label="Artifacts" data-testid="artifacts">
      <div className={styles.types} role="toolbar" aria-label="Types">
        <TypeButton label="All" isOn={type === undefined} onClick={() => setType(undefined)} />
        {first.types.map((each) => (
          <TypeButton
            key={each.type}
            label={runTableTypes.get(each.type) ?? each.type}
            count={each.count}
            isOn={type === each.type}
            onClick={() => setType(each.type)}
          />
        ))}
      </div>
      <div className={table.scroller}>
        <table className={table.table}>
          <caption className="visually-hidden">Artifacts</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" className={table.type}>
                Type
              </th>
              <th scope="col" className={table.number}>
                Versions
              </th>
              <th scope="col" className={table.number}>
                Latest
              </th>
              <th scope="col" className={table.number}>
                Age
              </th>
            </tr>
          </thead>
          <tbody>
            {artifacts.map((artifact) => (
              <Row key={artifact.name} path={path} artifact={artifact} />
            ))}
          </tbody>
        </table>
        {artifacts.length === 0 && <Notice title="Only logged tables are here: choose their type above." />}
        {query.hasNextPage && (
          <p className={styles.more}>
            {formatCount(artifacts.length)} of {formatCount(first.total)}
            <Button look="outlined" onClick={() => void query.fetchNextPage()}>
              Show more
            </Button>
          </p>
        )}
      </div>
    </section>
  )
}

type TypeButtonProps = { label: string; count?: number; isOn: boolean; onClick: () => void }

function TypeButton({ label, count, isOn, onClick }: TypeButtonProps): ReactNode {
  return (
    <button type="button" className={styles.typeButton} aria-pressed={isOn} onClick={onClick}>
      {label} {count !== undefined && <span>{formatCount(count)}</span>}
    </button>
  )
}

function Row({ path, artifact }: { path: ProjectPath; artifact: Artifact }): ReactNode {
  const { name, type, versionCount, latestVersion, latestSize, latestAt, isPortfolio } = artifact
  return (
    <tr data-testid="artifact" data-name={name}>
      <th scope="row">
        <Link className={styles.rowName} href={artifactPath({ ...path, name })} title={artifact.description ?? name}>
          <Box size={14} aria-hidden="true" /> <span>{name}</span>
          {isPortfolio && <em className={styles.alias}>linked</em>}
        </Link>
      </th>
      <td className={table.type}>{type}</td>
      <td className={table.number}>{formatCount(versionCount)}</td>
      <td className={table.number} title={`v${latestVersion}`}>
        {formatBytes(latestSize)}
      </td>
      <td className={table.number}>
        <Age time={latestAt} />
      </td>
    </tr>
  )
}
