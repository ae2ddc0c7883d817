'use client'
import type { HistogramValue } from '@kiroku/core/media'
import type { RunAddress, TextMetric } from '@kiroku/core/queries'
import { type ReactNode, useMemo } from 'react'
import { formatCount, formatNumber } from '../format/numbers.ts'
import { HeatMap } from './heat-map.tsx'
import own from './histogram.module.css'
import { barsOf, extentOf } from './histograms.ts'
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
  const bars = useMemo(() => barsOf(histogram), [histogram])
  const count = histogram.values.reduce((sum, value) => sum + value, 0)
  const place = (value: number): number => ((value - range.from) / (range.to - range.from)) * 100
  return (
    <div>
      <svg
        className={own.bars}
        viewBox="0 0 100 100"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${formatCount(count)} values from ${formatNumber(bars[0]?.from ?? 0)} to ${formatNumber(bars.at(-1)?.to ?? 0)}`}
        data-testid="histogram-bars"
        data-count={count}
      >
        {bars.map(({ from, to, count: inBar, height }, index) => (
          <rect
            key={index}
            x={place(from)}
            y={100 - height * 100}
            width={Math.max(0.4, place(to) - place(from))}
            height={height * 100}
            fill={color}
          >
            <title>{`${formatNumber(from)} to ${formatNumber(to)}: ${formatCount(inBar)}`}</title>
          </rect>
        ))}
      </svg>
      <div className={styles.axis}>
        <span>{formatNumber(range.from)}</span>
        <span>
          {formatCount(count)} values
          {histogram.nonFiniteCount ? `, ${formatCount(histogram.nonFiniteCount)} not finite` : ''}
        </span>
        <span>{formatNumber(range.to)}</span>
      </div>
      {all.length > 1 && <HeatMap all={all} range={range} step={step} color={color} onStep={onStep} />}
      {metric.count > mostHistograms && (
        <p className={styles.faint}>
          The map shows the last {mostHistograms} of {formatCount(metric.count)} steps.
        </p>
      )}
    </div>
  )
}
