'use client'
import type { CustomChart } from '@kiroku/core/custom-chart'
import type { TableContent } from '@kiroku/core/media'
import { type ReactNode, useMemo } from 'react'
import { WholeChart } from '../chart/whole-chart.tsx'
import { formatCount, formatNumber } from '../format/numbers.ts'
import { PanelLegend } from '../workspace/panel-legend.tsx'
import { ConfusionMatrix } from './confusion-matrix.tsx'
import styles from './custom-chart.module.css'
import { type PreparedChart, prepareCustomChart } from './custom-chart.ts'
import { HistogramBars } from './histogram-bars.tsx'
import { extentOf } from './histograms.ts'
import { PointCloud } from './point-cloud.tsx'

export type CustomChartViewProps = { content: TableContent; chart: CustomChart; color: string }

/** A table as its client has it drawn: lines, points, bars, a histogram or a confusion matrix. */
export function CustomChartView({ content, chart, color }: CustomChartViewProps): ReactNode {
  const prepared = useMemo(() => prepareCustomChart(content, chart, color), [content, chart, color])
  if (prepared === null)
    return (
      <p className={styles.note}>
        {`No drawing is known for ${chart.preset} with these columns and values; the table has what it is of.`}
      </p>
    )
  return (
    <div className={styles.chart} data-testid="custom-chart" data-kind={prepared.kind}>
      {prepared.title !== '' && <p className={styles.title}>{prepared.title}</p>}
      <Drawing prepared={prepared} color={color} />
      {prepared.leftOut > 0 && (
        <p className={styles.note}>{formatCount(prepared.leftOut)} more are too many to be drawn.</p>
      )}
    </div>
  )
}

function Drawing({ prepared, color }: { prepared: PreparedChart; color: string }): ReactNode {
  switch (prepared.kind) {
    case 'lines':
      return <Lines chart={prepared} />
    case 'points':
      return <PointCloud {...prepared} color={color} />
    case 'bars':
      return <Bars chart={prepared} color={color} />
    case 'matrix':
      return <ConfusionMatrix {...prepared} />
    case 'histogram':
      return (
        <>
          <HistogramBars
            histogram={prepared.histogram}
            range={extentOf([prepared.histogram]) ?? { from: 0, to: 1 }}
            color={color}
          />
          <p className={styles.axisTitle}>{prepared.valueTitle}</p>
        </>
      )
  }
}

function Lines({ chart }: { chart: PreparedChart & { kind: 'lines' } }): ReactNode {
  return (
    <>
      {chart.yTitle !== '' && <p className={styles.axisTitle}>{chart.yTitle}</p>}
      <WholeChart chart={chart} label={chart.title || 'Lines'} className={styles.lines}>
        {({ lines }) => <PanelLegend lines={lines} />}
      </WholeChart>
    </>
  )
}

function Bars({ chart, color }: { chart: PreparedChart & { kind: 'bars' }; color: string }): ReactNode {
  const values = chart.bars.map(({ value }) => value)
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)]
  const share = (value: number): string => `${((value - low) / (high - low || 1)) * 100}%`
  return (
    <table className={styles.bars}>
      <caption className="visually-hidden">{chart.valueTitle}</caption>
      <tbody>
        {chart.bars.map(({ label, value }, index) => (
          <tr key={`${index} ${label}`}>
            <th scope="row" title={label}>
              {label}
            </th>
            <td className={styles.track}>
              <span
                style={{
                  left: share(Math.min(0, value)),
                  right: `calc(100% - ${share(Math.max(0, value))})`,
                  background: color,
                }}
              />
            </td>
            <td title={String(value)}>{formatNumber(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
