'use client'
import { projectPath } from '@kiroku/core/routes'
import type { Run, RunLabelsPatch, RunSegment } from '@kiroku/core/runs'
import { Trash2, TriangleAlert } from 'lucide-react'
import { useRouter } from 'next/navigation'
import type { ReactNode } from 'react'
import { keptRunColor } from '../colors/run-colors.ts'
import { formatDuration } from '../format/times.ts'
import { useDeleteRun } from '../runs-table/use-delete-run.ts'
import { IconButton } from '../ui/button.tsx'
import { Hint } from '../ui/hint.tsx'
import { InlineEdit } from '../ui/inline-edit.tsx'
import { RunStateMark } from '../ui/run-state.tsx'
import { addressOf } from '../workspace/last-views.ts'
import { resumedText } from './facts.ts'
import styles from './run-page.module.css'
import { StopRun } from './stop-run.tsx'
import { TagEditor } from './tag-editor.tsx'

export type RunHeadProps = { run: Run; segments: readonly RunSegment[]; onSave: (set: RunLabelsPatch) => void }

/** The top of a run's page: its name, state, tags and notes, edited where they stand. */
export function RunHead({ run, segments, onSave }: RunHeadProps): ReactNode {
  const resumed = run.isShared ? null : resumedText(segments)
  const router = useRouter()
  const deleteRun = useDeleteRun()
  const emptyToNull = (text: string): string | null => (text === '' ? null : text)
  return (
    <header className={styles.head}>
      <div className={styles.headLine}>
        <h1 className={styles.name}>
          <span className={styles.dot} style={{ background: keptRunColor(run.id) }} aria-hidden="true" />
          <InlineEdit
            value={run.displayName}
            label="Name"
            isRequired
            onSave={(displayName) => onSave({ displayName })}
          />
        </h1>
        <RunStateMark state={run.state} isNamed />
        {run.isShared && (
          <Hint text="Several processes write to this run. The server gives their rows their steps, in order of arrival.">
            <span className={styles.kind} data-testid="shared">
              shared{run.liveWriters > 0 ? `, ${run.liveWriters} writing` : ''}
            </span>
          </Hint>
        )}
        {resumed !== null && (
          <Hint text={`Resumed ${resumed}; run time ${formatDuration(run.runtimeMs)}.`}>
            <span className={styles.kind} data-testid="resumed">
              resumed
            </span>
          </Hint>
        )}
        <TagEditor tags={run.tags} onChange={(tags) => onSave({ tags })} />
        <span className={styles.spring} />
        <span className={styles.label}>
          group
          <InlineEdit
            value={run.group ?? ''}
            label="Group"
            placeholder="none"
            onSave={(group) => onSave({ group: emptyToNull(group) })}
          />
        </span>
        <span className={styles.label}>
          job type
          <InlineEdit
            value={run.jobType ?? ''}
            label="Job type"
            placeholder="none"
            onSave={(jobType) => onSave({ jobType: emptyToNull(jobType) })}
          />
        </span>
        <StopRun run={run} />
        <Hint text="Delete the run">
          <IconButton
            label="Delete the run"
            onClick={() => {
              deleteRun(run)
              router.push(addressOf(projectPath(run)))
            }}
          >
            <Trash2 size={15} />
          </IconButton>
        </Hint>
      </div>
      <div className={styles.notes}>
        <InlineEdit
          value={run.notes ?? ''}
          label="Notes"
          placeholder="Add notes"
          isMultiline
          onSave={(notes) => onSave({ notes: emptyToNull(notes) })}
        />
      </div>
      {run.liveWriters > 1 && !run.isShared && (
        <p className={styles.warning} role="status" data-testid="writers">
          <TriangleAlert size={14} />
          {run.liveWriters} scripts write to this run at this moment. Of two values of a metric at one step the later
          stands.
        </p>
      )}
    </header>
  )
}
