'use client'
import { type ReactNode, useMemo, useState } from 'react'
import { formatCount, formatExact } from '../format/numbers.ts'
import { formatMoment } from '../format/times.ts'
import { VirtualRows } from '../ui/virtual-rows.tsx'
import styles from './chart.module.css'
import { formatX } from './format-axis.ts'
import type { ChartLine, ChartModel } from './prepare-chart.ts'

type Row = { line: ChartLine; index: number }

/** The points that a chart draws, as a table: for those who cannot see it and for copying. */
export function ChartTable({ model, title }: { model: ChartModel; title: string }): ReactNode {
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const rows = useMemo(
    () => model.lines.flatMap((line): Row[] => Array.from(line.points.x, (_, index) => ({ line, index }))),
    [model],
  )
  return (
    <div className={styles.tableScroller} ref={setScroller}>
      <p className={styles.tableNote}>
        {formatCount(rows.length)} rows.{' '}
        {model.lines.some(({ group }) => group !== undefined)
          ? 'Each row is what a group comes to in one bucket.'
          : model.badge?.isExact === false
            ? 'The lines are drawn in buckets: these are the first, lowest, highest and last points of each. Zoom in for every point.'
            : 'Every point in view.'}
      </p>
      <table className={styles.table} aria-rowcount={rows.length + 1}>
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{model.lines.some(({ group }) => group !== undefined) ? 'Group' : 'Run'}</th>
            <th scope="col">{model.axisLabel}</th>
            <th scope="col">{title}</th>
            <th scope="col">Wall time</th>
          </tr>
        </thead>
        <VirtualRows
          scroller={scroller}
          count={rows.length}
          rowHeight={26}
          columns={4}
          renderRow={(index) => {
            const row = rows[index]
            return row === undefined ? null : <TableRow row={row} number={index + 2} />
          }}
        />
      </table>
    </div>
  )
}

function TableRow({ row: { line, index }, number }: { row: Row; number: number }): ReactNode {
  const time = line.points.time[index] ?? Number.NaN
  const x = line.points.x[index] ?? 0
  return (
    <tr aria-rowindex={number}>
      <td>{line.name}</td>
      <td>{line.axis.kind === 'metric' ? formatExact(x) : formatX(line.axis, x)}</td>
      <td>{formatExact(line.points.y[index] ?? Number.NaN)}</td>
      <td>{Number.isFinite(time) ? formatMoment(time) : '—'}</td>
    </tr>
  )
}
