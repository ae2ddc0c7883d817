'use client'
import type { ArtifactDetail, VersionAddress } from '@kiroku/core/artifacts'
import { artifactPath } from '@kiroku/core/routes'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { describeError, isNotFound, useTRPC } from '../api/trpc.ts'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { formatMoment } from '../format/times.ts'
import { Age } from '../ui/age.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { shortValueText, valueText } from '../ui/number-value.tsx'
import { flatValues } from '../workspace/run-values.ts'
import { Aliases } from './aliases.tsx'
import { ArtifactFiles } from './artifact-files.tsx'
import styles from './artifacts.module.css'
import { RunLink, RunLinks } from './run-link.tsx'

/** So many runs that used a version are named. */
const maxRuns = 20

/** One version: what it is, who made and who used it, its files. */
export function VersionDetail({ address }: { address: VersionAddress }): ReactNode {
  const trpc = useTRPC()
  const query = useQuery(trpc.artifacts.byVersion.queryOptions(address))
  const detail = query.data
  if (detail === undefined) {
    if (query.error === null) return <Loading what="the version" />
    return isNotFound(query.error) ? (
      <Notice
        title="There is no such version. It may have been deleted."
        way={{ label: 'The last version', path: artifactPath({ ...address, version: 'latest' }) }}
      />
    ) : (
      <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
    )
  }
  return (
    <div className={styles.detail} data-testid="version-detail">
      <Facts address={address} detail={detail} />
      <ArtifactFiles address={{ ...address, version: `v${detail.version}` }} detail={detail} />
    </div>
  )
}

function Facts({ address, detail }: { address: VersionAddress; detail: ArtifactDetail }): ReactNode {
  const { organization, project, name } = address
  const { version, aliases, digest, size, fileCount, createdAt, createdBy, usedBy, usedByCount, tags } = detail
  const metadata = Object.entries(flatValues(detail.metadata))
  const call = `run.use_artifact("${organization}/${project}/${name}:v${version}")`
  return (
    <aside className={styles.facts} aria-label="Version">
      <h2 className={styles.versionName}>
        v{version} <Aliases aliases={aliases} />
      </h2>
      {detail.description !== null && <p className={styles.description}>{detail.description}</p>}
      <dl className={styles.factList}>
        <Fact name="Made by">
          {createdBy === null ? (
            <span className={styles.faint}>no run</span>
          ) : (
            <RunLink organization={organization} project={project} run={createdBy} />
          )}
        </Fact>
        <Fact name="Used by">
          {usedByCount === 0 ? (
            <span className={styles.faint}>no run yet</span>
          ) : (
            <RunLinks organization={organization} project={project} runs={usedBy} total={usedByCount} most={maxRuns} />
          )}
        </Fact>
        <Fact name="Size">
          <span title={`${formatCount(size)} bytes`}>{formatBytes(size)}</span> in {formatCount(fileCount)}{' '}
          {fileCount === 1 ? 'file' : 'files'}
        </Fact>
        <Fact name="Age">
          <span title={formatMoment(createdAt)}>
            <Age time={createdAt} />
          </span>
        </Fact>
        {tags.length > 0 && <Fact name="Tags">{tags.join(', ')}</Fact>}
        <Fact name="Digest">
          <code>{digest}</code>
        </Fact>
      </dl>
      <div className={styles.command}>
        <code>{call}</code>
        <CopyButton text={call} label="Copy the call" />
      </div>
      {metadata.length > 0 && (
        <>
          <h3>Metadata</h3>
          <dl className={styles.factList} data-testid="metadata">
            {metadata.map(([key, value]) => (
              <Fact key={key} name={key}>
                <span title={valueText(value)}>{shortValueText(value)}</span>
              </Fact>
            ))}
          </dl>
        </>
      )}
    </aside>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt title={name}>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
