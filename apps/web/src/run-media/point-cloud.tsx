'use client'
import { type ReactNode, useRef } from 'react'
import { place, type Scale, yScaleFor } from '../chart/scale.ts'
import { xTicks, yTicks } from '../chart/ticks.ts'
import { useElementSize } from '../chart/use-element-size.ts'
import { formatCount, formatNumber } from '../format/numbers.ts'
import styles from './custom-chart.module.css'

const height = 240
const left = 46
const right = 10
const top = 8
const bottom = 22

export type PointCloudProps = { points: { x: number; y: number }[]; xTitle: string; yTitle: string; color: string }

/** Points by two numbers each. The table behind the chart has them in words. */
export function PointCloud({ points, xTitle, yTitle, color }: PointCloudProps): ReactNode {
  const frame = useRef<HTMLDivElement>(null)
  const size = useElementSize(frame)
  const width = size?.width ?? 0
  const x = scaleOf(points.map((point) => point.x))
  const y = scaleOf(points.map((point) => point.y))
  const xOf = (value: number): number => left + place(x, value) * (width - left - right)
  const yOf = (value: number): number => height - bottom - place(y, value) * (height - top - bottom)
  return (
    <>
      <p className={styles.axisTitle}>{yTitle}</p>
      <div ref={frame} style={{ height }}>
        {size !== null && (
          <svg
            width={width}
            height={height}
            className={styles.cloud}
            role="img"
            aria-label={`${formatCount(points.length)} points of ${yTitle} over ${xTitle}`}
          >
            {yTicks(y, 4).map(({ value, label }) => (
              <g key={value}>
                <line x1={left} x2={width - right} y1={yOf(value)} y2={yOf(value)} />
                <text x={left - 6} y={yOf(value)} dy="0.32em" textAnchor="end">
                  {label}
                </text>
              </g>
            ))}
            {xTicks({ kind: 'metric', name: xTitle }, x, Math.max(2, Math.floor(width / 90))).map(
              ({ value, label }) => (
                <text key={value} x={xOf(value)} y={height - 5} textAnchor="middle">
                  {label}
                </text>
              ),
            )}
            {points.map((point, index) => (
              <circle key={index} cx={xOf(point.x)} cy={yOf(point.y)} r={2.5} fill={color}>
                <title>{`${xTitle} ${formatNumber(point.x)}, ${yTitle} ${formatNumber(point.y)}`}</title>
              </circle>
            ))}
          </svg>
        )}
      </div>
      <p className={styles.axisTitle} data-end="">
        {xTitle}
      </p>
    </>
  )
}

function scaleOf(values: readonly number[]): Scale {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    from = Math.min(from, value)
    to = Math.max(to, value)
  }
  return yScaleFor(from <= to ? { from, to } : null, 'linear')
}
