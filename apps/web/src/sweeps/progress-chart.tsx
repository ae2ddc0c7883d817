'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { runPath } from '@kiroku/core/routes'
import { useRouter } from 'next/navigation'
import { type ReactNode, useRef } from 'react'
import { place, xScaleFor, yScaleFor } from '../chart/scale.ts'
import { xTicks, yTicks } from '../chart/ticks.ts'
import { useElementSize } from '../chart/use-element-size.ts'
import { classes } from '../ui/button.tsx'
import { strokeOf } from './parallel-chart.tsx'
import type { PreparedSweep } from './prepare-sweep.ts'
import styles from './sweeps.module.css'

const height = 200
const left = 44
const right = 10
const top = 8
const bottom = 24

export type ProgressChartProps = {
  path: ProjectPath
  prepared: PreparedSweep
  pointed: string | null
  onPoint: (run: string | null) => void
}

/** The metric of each run in the order in which they began, and the best so far as a line. */
export function ProgressChart({ path, prepared, pointed, onPoint }: ProgressChartProps): ReactNode {
  const frame = useRef<HTMLDivElement>(null)
  const size = useElementSize(frame)
  const router = useRouter()
  const { progress, metric } = prepared
  const width = size?.width ?? 0
  const values = progress.map(({ value }) => value)
  const numbers = progress.map(({ line }) => line.number)
  const y = yScaleFor(values.length === 0 ? null : { from: Math.min(...values), to: Math.max(...values) }, 'linear')
  const x = xScaleFor(numbers.length === 0 ? null : { from: Math.min(...numbers), to: Math.max(...numbers) })
  const xOf = (number: number): number => left + place(x, number) * (width - left - right)
  const yOf = (value: number): number => height - bottom - place(y, value) * (height - top - bottom)
  const steps = progress.map(({ line, best }, index) =>
    index === 0
      ? `M${xOf(line.number).toFixed(1)} ${yOf(best).toFixed(1)}`
      : `H${xOf(line.number).toFixed(1)}V${yOf(best).toFixed(1)}`,
  )
  const go = (run: string): void => router.push(runPath({ ...path, run }))
  return (
    <section className={styles.panel} aria-label="Progress">
      <h2>{metric} by run, and the best so far</h2>
      <div ref={frame} style={{ height }}>
        {size !== null && progress.length === 0 && <p className={styles.faint}>No run has a value of {metric} yet.</p>}
        {size !== null && progress.length > 0 && (
          <svg
            width={width}
            height={height}
            className={styles.svg}
            role="img"
            aria-label={`${metric} of ${progress.length} runs; the best is ${progress.at(-1)?.best}`}
            data-testid="progress"
          >
            {yTicks(y, 4).map(({ value, label }) => (
              <g key={value}>
                <line x1={left} x2={width - right} y1={yOf(value)} y2={yOf(value)} className={styles.grid} />
                <text x={left - 6} y={yOf(value)} dy="0.32em" textAnchor="end" className={styles.tick}>
                  {label}
                </text>
              </g>
            ))}
            {xTicks({ kind: 'step' }, x, Math.max(2, Math.floor(width / 90))).map(({ value, label }) => (
              <text key={value} x={xOf(value)} y={height - 6} textAnchor="middle" className={styles.tick}>
                {label}
              </text>
            ))}
            <path d={steps.join('')} className={styles.best} />
            {progress.map(({ line, value, isBest }) => (
              // biome-ignore lint/a11y/noStaticElementInteractions: the table of runs has the same links for the keyboard
              <circle
                key={line.run.run}
                cx={xOf(line.number)}
                cy={yOf(value)}
                r={line.run.run === pointed ? 5 : isBest ? 3.5 : 2.5}
                className={classes(styles.dot, isBest && styles.isBest)}
                style={{ fill: strokeOf(line.rank) }}
                onPointerEnter={() => onPoint(line.run.run)}
                onPointerLeave={() => onPoint(null)}
                onClick={() => go(line.run.run)}
              >
                <title>{`${line.number}. ${line.run.displayName}: ${value}`}</title>
              </circle>
            ))}
          </svg>
        )}
      </div>
    </section>
  )
}
