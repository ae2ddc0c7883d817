'use client'
import type { ReactNode } from 'react'
import { describeError } from '../api/trpc.ts'
import type { AnswerState } from '../api/use-series.ts'
import type { ChartModel } from '../chart/prepare-chart.ts'
import { Button } from '../ui/button.tsx'
import styles from './panel.module.css'

export type PanelStateProps = {
  series: Omit<AnswerState<unknown>, 'answer'>
  model: ChartModel | null
  /** Parts of the answer are missing, as a notice says. */
  isPartial?: boolean
}

/** What stands in a chart's place: why it failed, or that there is nothing to draw. */
export function PanelState({ series, model, isPartial = false }: PanelStateProps): ReactNode {
  if (series.error !== null && !series.isFetching) {
    return (
      <div className={styles.state} role="alert">
        <p>{describeError(series.error)}</p>
        <Button onClick={series.retry}>Try again</Button>
      </div>
    )
  }
  if (model === null) return <Skeleton />
  // The notice above says what is missing; that there is nothing would be more than is known.
  if (model.lines.length > 0 || isPartial) return null
  return <p className={styles.state}>{model.notes[0] ?? 'No drawn run has points here.'}</p>
}

function Skeleton(): ReactNode {
  return (
    <svg className={styles.skeleton} viewBox="0 0 100 50" preserveAspectRatio="none" aria-hidden="true">
      <path d="M12 8C20 36 30 36 44 38S70 41 98 42" />
    </svg>
  )
}
