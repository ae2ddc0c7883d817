'use client'
import type { RunFile } from '@kiroku/core/files'
import type { Run, RunSegment } from '@kiroku/core/runs'
import type { ReactNode } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'
import { flatValues } from '../workspace/run-values.ts'
import { FactTable, valueFacts } from './fact-table.tsx'
import { gitFacts, hostFacts, timeFacts } from './facts.ts'
import styles from './run-page.module.css'

export type RunOverviewProps = { run: Run; segments: readonly RunSegment[]; files: readonly RunFile[] }

/** What a run was: its times, values, code and machine. */
export function RunOverview({ run, segments, files }: RunOverviewProps): ReactNode {
  return (
    <aside className={styles.overview} aria-label="Overview">
      <FactTable title="Run" facts={timeFacts(run, segments)} />
      <FactTable title="Summary" facts={valueFacts(flatValues(run.summary))} />
      <FactTable title="Config" facts={valueFacts(flatValues(run.config))} />
      <FactTable title="Git" facts={gitFacts(run, files)} />
      <FactTable title="Environment" facts={hostFacts(run, files)} />
      <RestoreCommand run={run} />
    </aside>
  )
}

function RestoreCommand({ run }: { run: Run }): ReactNode {
  const command = `kiroku restore ${run.organization}/${run.project}/${run.slug}`
  return (
    <section className={styles.facts} aria-label="Restore" data-testid="restore">
      <div className={styles.factsHead}>
        <h2>Restore</h2>
      </div>
      <p className={styles.explain}>
        {run.git.commit == null
          ? 'Writes the config of this run into the project on your machine. No commit was recorded.'
          : 'Checks out the commit, applies the patch and writes the config, in a clone of the repository.'}
      </p>
      <div className={styles.command}>
        <code>{command}</code>
        <CopyButton text={command} label="Copy the command" />
      </div>
    </section>
  )
}
