'use client'
import { type PointerEvent, type ReactNode, useRef, useState } from 'react'
import { useElementSize } from '../chart/use-element-size.ts'
import { formatCount } from '../format/numbers.ts'
import { Button, classes } from '../ui/button.tsx'
import type { Axis, PreparedSweep, RunLine } from './prepare-sweep.ts'
import { isWithin, type Ranges, withRange } from './ranges.ts'
import styles from './sweeps.module.css'

const height = 260
const top = 34
const bottom = 12
const side = 56
/** Axes stand at least so far apart; a chart of many is scrolled sideways. */
const leastGap = 92

export type ParallelChartProps = {
  prepared: PreparedSweep
  ranges: Ranges
  onRanges: (ranges: Ranges) => void
  pointed: string | null
  onPoint: (run: string | null) => void
  /** How many runs lie within what is chosen. */
  shown: number
}

/** Each run as a line over the axes of its parameters and its metric: the stronger the colour, the better. Dragging on an axis chooses runs. */
export function ParallelChart({ prepared, ranges, onRanges, pointed, onPoint, shown }: ParallelChartProps): ReactNode {
  const frame = useRef<HTMLDivElement>(null)
  const size = useElementSize(frame)
  const { axes, lines } = prepared
  const width = Math.max(size?.width ?? 0, 2 * side + leastGap * (axes.length - 1))
  const xOf = (axis: number): number =>
    axes.length < 2 ? width / 2 : side + (axis / (axes.length - 1)) * (width - 2 * side)
  const yOf = (place: number): number => height - bottom - place * (height - top - bottom)
  const isChosen = Object.keys(ranges).length > 0
  const drawn = lines.toSorted((one, other) => (other.rank ?? 2) - (one.rank ?? 2))
  const last = lines.find(({ run }) => run.run === pointed)
  return (
    <section className={styles.panel} aria-label="Parameters and metric">
      <h2>
        Parameters{prepared.metric !== null && ` and ${prepared.metric}`}
        {isChosen && (
          <span className={styles.chosen} data-testid="chosen">
            {formatCount(shown)} of {formatCount(lines.length)} runs
            <Button look="plain" onClick={() => onRanges({})}>
              Clear
            </Button>
          </span>
        )}
      </h2>
      <div ref={frame} className={styles.sideways}>
        {size !== null && (
          <svg
            width={width}
            height={height}
            className={styles.svg}
            role="img"
            aria-label={`${lines.length} runs over ${axes.map(({ name }) => name).join(', ')}; the table below has their values`}
            data-testid="parallel"
          >
            {[...drawn, ...(last ? [last] : [])].map((line, index) => (
              <path
                key={index === drawn.length ? 'pointed' : line.run.run}
                d={pathOf(line, { xOf, yOf })}
                className={classes(
                  styles.runLine,
                  !isWithin(line, ranges) && styles.isOut,
                  index === drawn.length && styles.isPointed,
                )}
                style={{ stroke: strokeOf(line.rank) }}
                onPointerEnter={() => onPoint(line.run.run)}
                onPointerLeave={() => onPoint(null)}
              >
                <title>{`${line.run.displayName}: ${line.run.value ?? 'no value'}`}</title>
              </path>
            ))}
            {axes.map((axis, index) => (
              <AxisLine
                key={axis.name}
                axis={axis}
                x={xOf(index)}
                yOf={yOf}
                isLast={index === axes.length - 1 && index > 0}
                range={ranges[index]}
                onRange={(one, other) => onRanges(withRange(ranges, index, one, other))}
              />
            ))}
          </svg>
        )}
      </div>
    </section>
  )
}

/** The better a run, the more of the accent its line has. */
export function strokeOf(rank: number | null): string {
  if (rank === null) return 'var(--line-strong)'
  return `color-mix(in oklab, var(--accent) ${Math.round(100 * (1 - rank) ** 1.5)}%, var(--line-strong))`
}

type Places = { xOf: (axis: number) => number; yOf: (place: number) => number }

function pathOf({ places }: RunLine, { xOf, yOf }: Places): string {
  let isBroken = true
  return places
    .map((place, axis) => {
      if (place === null) {
        isBroken = true
        return ''
      }
      const step = `${isBroken ? 'M' : 'L'}${xOf(axis).toFixed(1)} ${yOf(place).toFixed(1)}`
      isBroken = false
      return step
    })
    .join('')
}

type AxisLineProps = {
  axis: Axis
  x: number
  yOf: Places['yOf']
  isLast: boolean
  range: { from: number; to: number } | undefined
  onRange: (one: number, other: number) => void
}

function AxisLine({ axis, x, yOf, isLast, range, onRange }: AxisLineProps): ReactNode {
  const [start, setStart] = useState<number | null>(null)
  const placeAt = (event: PointerEvent<SVGRectElement>): number => {
    const box = event.currentTarget.getBoundingClientRect()
    return 1 - (event.clientY - box.top - 6) / (box.height - 12)
  }
  const name = axis.name.length > 16 ? `…${axis.name.slice(-15)}` : axis.name
  return (
    <g>
      <text x={x} y={14} textAnchor="middle" className={classes(styles.axisName, axis.isMetric && styles.isMetric)}>
        {name}
        <title>{axis.name}</title>
      </text>
      <line x1={x} x2={x} y1={yOf(1)} y2={yOf(0)} className={styles.axis} />
      {axis.ticks.map(({ at, label }) => (
        <text
          key={at}
          x={isLast ? x + 7 : x - 7}
          y={yOf(at)}
          dy="0.32em"
          textAnchor={isLast ? 'start' : 'end'}
          className={styles.tick}
        >
          {label}
        </text>
      ))}
      {range !== undefined && (
        <rect
          x={x - 6}
          y={yOf(range.to)}
          width={12}
          height={yOf(range.from) - yOf(range.to)}
          className={styles.range}
        />
      )}
      <rect
        x={x - 12}
        y={yOf(1) - 6}
        width={24}
        height={yOf(0) - yOf(1) + 12}
        className={styles.handle}
        data-axis={axis.name}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          setStart(placeAt(event))
        }}
        onPointerMove={(event) => start !== null && onRange(start, placeAt(event))}
        onPointerUp={(event) => {
          if (start !== null) onRange(start, placeAt(event))
          setStart(null)
        }}
      />
    </g>
  )
}
