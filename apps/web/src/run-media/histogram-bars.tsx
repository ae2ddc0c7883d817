'use client'
import type { HistogramValue } from '@kiroku/core/media'
import { type ReactNode, useMemo } from 'react'
import { formatCount, formatNumber } from '../format/numbers.ts'
import own from './histogram.module.css'
import { barsOf } from './histograms.ts'
import styles from './media-page.module.css'

export type HistogramBarsProps = { histogram: HistogramValue; range: { from: number; to: number }; color: string }

/** A histogram as bars over a range of values, with what it is of below. */
export function HistogramBars({ histogram, range, color }: HistogramBarsProps): ReactNode {
  const bars = useMemo(() => barsOf(histogram), [histogram])
  const count = histogram.values.reduce((sum, value) => sum + value, 0)
  const place = (value: number): number => ((value - range.from) / (range.to - range.from)) * 100
  return (
    <>
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
    </>
  )
}
