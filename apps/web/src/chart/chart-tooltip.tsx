'use client'
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { usePointTime } from '../api/use-point-time.ts'
import { formatBytes, formatCount, formatExact, formatNumber } from '../format/numbers.ts'
import { formatMoment } from '../format/times.ts'
import { usePlace } from '../frame/place.tsx'
import { classes } from '../ui/button.tsx'
import styles from './chart.module.css'
import { formatX } from './format-axis.ts'
import type { Hover, HoverRow } from './hover.ts'
import { lineKey } from './prepare-chart.ts'
import type { GroupDetail } from './prepare-groups.ts'

/** The most rows that a tooltip shows; it says how many more there are. */
const mostRows = 14

/** The rows around the nearest one, in order, and how many are left out before and after. */
export function rowsAround(hover: Hover): { rows: HoverRow[]; before: number; after: number } {
  const { rows } = hover
  const at = rows.indexOf(hover.nearest)
  const start = Math.max(0, Math.min(at - Math.floor(mostRows / 2), rows.length - mostRows))
  const shown = rows.slice(start, start + mostRows)
  return { rows: shown, before: start, after: rows.length - start - shown.length }
}

const distance = 16
const edge = 8

export type ChartTooltipProps = {
  hover: Hover
  /** Points at most this far apart in x stand on the same pixel. */
  sameX: number
  /** Values are told in binary units of bytes. */
  isBytes: boolean
  clientX: number
  clientY: number
}

/** Tells the values under the cursor, beside the pointer and never beneath it. */
export function ChartTooltip({ hover, sameX, isBytes, clientX, clientY }: ChartTooltipProps): ReactNode {
  const ref = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    const { offsetWidth: width, offsetHeight: height } = element
    setSize((last) => (last.width === width && last.height === height ? last : { width, height }))
  })
  const isRight = clientX + distance + size.width + edge <= window.innerWidth
  const left = isRight ? clientX + distance : clientX - distance - size.width
  const top = Math.max(edge, Math.min(clientY - size.height / 2, window.innerHeight - size.height - edge))
  const { nearest } = hover
  const { line } = nearest
  // A chart of very many lines is without times: the one that is told is asked for.
  const isAskedFor = nearest.time === null && line.isExact && line.axis.kind === 'step' && line.group === undefined
  const place = usePlace()
  const found = usePointTime(place, isAskedFor ? { run: line.run, metric: line.metric, step: nearest.x } : null)
  const time = nearest.time ?? found
  const unknownTime = isAskedFor ? '…' : 'zoom in for the time'
  const text = (value: number): string =>
    isBytes && value >= 0 && Number.isFinite(value) ? formatBytes(value) : formatNumber(value, 5)
  const { rows, before, after } = rowsAround(hover)
  // A group's x is the middle of a bucket, which need not be a step.
  const nearestX =
    nearest.line.group !== undefined && nearest.line.axis.kind === 'step' ? Math.round(nearest.x) : nearest.x
  const isApart = (row: HoverRow): boolean => Math.abs(row.x - nearest.x) > sameX
  const isMixed = rows.some(isApart)
  const isSmoothed = rows.some((row) => row.smoothed !== null)
  return createPortal(
    <div
      ref={ref}
      className={styles.tooltip}
      style={{ transform: `translate(${Math.round(left)}px, ${Math.round(top)}px)`, opacity: size.width > 0 ? 1 : 0 }}
      data-testid="chart-tooltip"
    >
      <div className={styles.tooltipHead}>
        <span data-testid="tooltip-x">
          {nearest.line.axis.kind === 'metric' || nearest.line.axis.kind === 'step'
            ? `${nearest.line.axis.kind === 'step' ? '_step' : nearest.line.axis.name} ${formatX(nearest.line.axis, nearestX)}`
            : formatX(nearest.line.axis, nearestX)}
        </span>
        {nearest.line.axis.kind !== 'time' && (
          <span className={styles.faint}>
            {nearest.line.group !== undefined
              ? 'mean of each run around here'
              : time === null
                ? unknownTime
                : formatMoment(time)}
          </span>
        )}
      </div>
      {before > 0 && <div className={styles.faint}>{before} above</div>}
      <table className={styles.tooltipRows}>
        <tbody>
          {rows.map((row) => (
            <tr
              key={lineKey(row.line)}
              className={classes(row === nearest && styles.nearest)}
              data-nearest={row === nearest}
            >
              <td>
                <span className={styles.dot} style={{ background: row.line.color }} />
              </td>
              <td className={styles.tooltipName}>{row.line.name}</td>
              {isMixed && <td className={styles.faint}>{isApart(row) && formatX(row.line.axis, row.x)}</td>}
              {row.smoothed !== null && <td className={styles.tooltipValue}>{text(row.smoothed)}</td>}
              <td
                className={row.smoothed === null ? styles.tooltipValue : styles.tooltipRaw}
                data-value={formatExact(row.y)}
                colSpan={isSmoothed && row.smoothed === null ? 2 : 1}
              >
                {text(row.y)}
              </td>
              {row.line.group !== undefined && <GroupCells row={row} group={row.line.group} text={text} />}
            </tr>
          ))}
        </tbody>
      </table>
      {after > 0 && <div className={styles.faint}>{after} below</div>}
      {isSmoothed && <div className={styles.faint}>smoothed, then as logged</div>}
    </div>,
    document.body,
  )
}

type GroupCellsProps = { row: HoverRow; group: GroupDetail; text: (value: number) => string }

/** A group's band under the cursor, and of how many runs it is. */
function GroupCells({ row, group, text }: GroupCellsProps): ReactNode {
  const runs = group.runs[row.index] ?? 0
  return (
    <>
      <td className={styles.faint} data-testid="tooltip-band">
        {text(group.low[row.index] ?? Number.NaN)} – {text(group.high[row.index] ?? Number.NaN)}
      </td>
      <td className={styles.faint} data-testid="tooltip-runs">
        {formatCount(runs)} {runs === 1 ? 'run' : 'runs'}
      </td>
    </>
  )
}
