'use client'
import type { ArtifactVersion } from '@kiroku/core/artifacts'
import type { ProjectPath } from '@kiroku/core/projects'
import { artifactPath } from '@kiroku/core/routes'
import { useInfiniteQuery } from '@tanstack/react-query'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { describeError, isNotFound, useTRPC } from '../api/trpc.ts'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { useArtifactPlace, usePlace } from '../frame/place.tsx'
import { Age } from '../ui/age.tsx'
import { Button } from '../ui/button.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { Aliases } from './aliases.tsx'
import styles from './artifacts.module.css'
import { VersionDetail } from './version-detail.tsx'

/** The artifact that the address names: its versions, and one of them, the last when the address names none. */
export function ArtifactPage(): ReactNode {
  const place = usePlace()
  const { name, version } = useArtifactPlace()
  return place === null ? null : <ArtifactView path={place} name={name} version={version} />
}

type ArtifactViewProps = { path: ProjectPath; name: string; version: string | undefined }

function ArtifactView({ path, name, version }: ArtifactViewProps): ReactNode {
  const trpc = useTRPC()
  const query = useInfiniteQuery(
    trpc.artifacts.versions.infiniteQueryOptions(
      { ...path, name },
      { getNextPageParam: (page) => page.nextCursor ?? undefined },
    ),
  )
  const pages = query.data?.pages
  const artifact = pages?.[0]?.artifact
  if (artifact === undefined) {
    if (query.error === null) return <Loading what="the artifact" />
    return isNotFound(query.error) ? (
      <Notice
        title="There is no such artifact. Its versions may have been deleted."
        way={{ label: 'All artifacts', path: artifactPath(path) }}
      />
    ) : (
      <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
    )
  }
  const versions = pages?.flatMap((page) => page.versions) ?? []
  const shown = version ?? `v${artifact.latestVersion}`
  return (
    <section className={styles.page} aria-label={name} data-testid="artifact-page" data-version={shown}>
      <header className={styles.head}>
        <Link href={artifactPath(path)}>Artifacts</Link>
        <i>/</i>
        <h1 title={name}>{name}</h1>
        <span className={styles.kind}>{artifact.type}</span>
        {artifact.isPortfolio && <span className={styles.kind}>linked versions</span>}
        <span className={styles.about}>{artifact.description}</span>
      </header>
      <div className={styles.columns}>
        <nav className={styles.versions} aria-label="Versions">
          <h2>
            Versions <span>{formatCount(artifact.versionCount)}</span>
          </h2>
          <ol>
            {versions.map((each) => (
              <VersionRow key={each.version} path={path} name={name} version={each} shown={shown} />
            ))}
          </ol>
          {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>Show older ones</Button>}
        </nav>
        <VersionDetail key={`${name} ${shown}`} address={{ ...path, name, version: shown }} />
      </div>
    </section>
  )
}

type VersionRowProps = { path: ProjectPath; name: string; version: ArtifactVersion; shown: string }

function VersionRow({ path, name, version, shown }: VersionRowProps): ReactNode {
  const own = `v${version.version}`
  const isShown = own === shown || version.aliases.includes(shown)
  return (
    <li>
      <Link
        className={styles.version}
        href={artifactPath({ ...path, name, version: own })}
        aria-current={isShown ? 'page' : undefined}
        data-testid="version"
        data-version={own}
      >
        <b>{own}</b>
        <span className={styles.versionAliases}>
          <Aliases aliases={version.aliases} />
        </span>
        <span className={styles.versionSize}>{formatBytes(version.size)}</span>
        <span className={styles.versionAge}>
          <Age time={version.createdAt} />
        </span>
      </Link>
    </li>
  )
}
