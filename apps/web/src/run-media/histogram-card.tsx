'use client'
import type { HistogramValue } from '@kiroku/core/media'
import type { RunAddress, TextMetric } from '@kiroku/core/queries'
import { type ReactNode, useMemo } from 'react'
import { formatCount } from '../format/numbers.ts'
import { HeatMap } from './heat-map.tsx'
import { HistogramBars } from './histogram-bars.tsx'
import { extentOf } from './histograms.ts'
import styles from './media-page.module.css'
import { mostHistograms, useHistograms } from './use-media.ts'

export type HistogramCardProps = {
  address: RunAddress
  metric: TextMetric
  histogram: HistogramValue
  step: number
  color: string
  /** The reader chose another step. */
  onStep: (step: number) => void
}

/** A histogram as bars, and below it all of them as a heat map over the steps. */
export function HistogramCard({ address, metric, histogram, step, color, onStep }: HistogramCardProps): ReactNode {
  const all = useHistograms(address, metric.metric)
  const range = useMemo(
    () => extentOf([histogram, ...all.map((one) => one.histogram)]) ?? { from: 0, to: 1 },
    [histogram, all],
  )
  return (
    <div>
      <HistogramBars histogram={histogram} range={range} color={color} />
      {all.length > 1 && <HeatMap all={all} range={range} step={step} color={color} onStep={onStep} />}
      {metric.count > mostHistograms && (
        <p className={styles.faint}>
          The map shows the last {mostHistograms} of {formatCount(metric.count)} steps.
        </p>
      )}
    </div>
  )
}
