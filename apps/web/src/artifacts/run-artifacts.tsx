'use client'
import type { ArtifactVersion, RunReference } from '@kiroku/core/artifacts'
import { artifactPath } from '@kiroku/core/routes'
import type { Run } from '@kiroku/core/runs'
import { ArrowRight, Box } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { describeError } from '../api/trpc.ts'
import { keptRunColor } from '../colors/run-colors.ts'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { Aliases } from './aliases.tsx'
import styles from './artifacts.module.css'
import { RunLinks } from './run-link.tsx'
import type { RunArtifactList } from './use-artifacts.ts'

/** So many runs of one artifact are named. */
const maxRuns = 4

/** What a run used and what it made: from left to right as it came to be. */
export function RunArtifacts({ run, list }: { run: Run; list: RunArtifactList }): ReactNode {
  const { lineage } = list
  if (lineage === undefined)
    return list.error === null ? (
      <Loading what="artifacts" />
    ) : (
      <Notice title={describeError(list.error)} onRetry={list.retry} />
    )
  if (list.count === 0)
    return (
      <Notice
        title="The run has used and made no artifacts."
        detail="What it logs by log_artifact and takes by use_artifact comes here, with the runs on the other side."
      />
    )
  const { inputs, outputs, inputCount, outputCount } = lineage
  return (
    <section className={styles.lineage} aria-label="Artifacts" data-testid="lineage">
      <Side title="Used" count={inputCount} shown={inputs.length} testId="inputs">
        {inputs.map((artifact) => (
          <Card
            key={`${artifact.project} ${artifact.name} ${artifact.version}`}
            run={run}
            artifact={artifact}
            label="made by"
            runs={artifact.createdBy === null ? [] : [artifact.createdBy]}
          />
        ))}
      </Side>
      <Middle run={run} />
      <Side title="Made" count={outputCount} shown={outputs.length} testId="outputs">
        {outputs.map((artifact) => (
          <Card
            key={`${artifact.project} ${artifact.name} ${artifact.version}`}
            run={run}
            artifact={artifact}
            label="used by"
            runs={artifact.usedBy}
          />
        ))}
      </Side>
    </section>
  )
}

function Middle({ run }: { run: Run }): ReactNode {
  return (
    <div className={styles.middle}>
      <ArrowRight size={16} aria-hidden="true" />
      <div className={styles.self} data-testid="lineage-run">
        <i style={{ background: keptRunColor(run.id) }} />
        <span>{run.displayName}</span>
      </div>
      <ArrowRight size={16} aria-hidden="true" />
    </div>
  )
}

type SideProps = { title: string; count: number; shown: number; testId: string; children: readonly ReactNode[] }

function Side({ title, count, shown, testId, children }: SideProps): ReactNode {
  return (
    <div className={styles.side} data-testid={testId}>
      <h2>
        {title} <span>{formatCount(count)}</span>
      </h2>
      {children.length === 0 && <p className={styles.nothing}>Nothing.</p>}
      <ul>{children}</ul>
      {count > shown && <p className={styles.nothing}>The last {formatCount(shown)} are shown.</p>}
    </div>
  )
}

type CardProps = { run: Run; artifact: ArtifactVersion; label: string; runs: readonly RunReference[] }

function Card({ run, artifact, label, runs }: CardProps): ReactNode {
  const { organization } = run
  const { project, name, version, aliases, type, size, fileCount } = artifact
  const isHere = project === run.project
  return (
    <li className={styles.card} data-testid="artifact-card" data-name={`${name}:v${version}`}>
      <Link className={styles.cardName} href={artifactPath({ organization, project, name, version: `v${version}` })}>
        <Box size={14} aria-hidden="true" />
        <span title={name}>{isHere ? name : `${project} / ${name}`}</span>
        <b>v{version}</b>
      </Link>
      <p className={styles.cardFacts}>
        {type}, {formatBytes(size)}, {formatCount(fileCount)} {fileCount === 1 ? 'file' : 'files'}
        <Aliases aliases={aliases} />
      </p>
      {runs.length > 0 && (
        <p className={styles.cardRuns}>
          <span className={styles.faint}>{label}</span>
          <RunLinks organization={organization} project={run.project} runs={runs} most={maxRuns} />
        </p>
      )}
    </li>
  )
}
