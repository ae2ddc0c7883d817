'use client'
import type { MetricInfo } from '@kiroku/core/queries'
import { ChevronsLeftRight, Ellipsis, Info, Maximize2, Table2 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ChartModel } from '../chart/prepare-chart.ts'
import { classes, IconButton } from '../ui/button.tsx'
import { Hint } from '../ui/hint.tsx'
import { Dropdown, MenuAction, MenuChoice, MenuSeparator, MenuToggle } from '../ui/menu.tsx'
import { axisOptions } from './axis-options.ts'
import { metricTitle } from './metric-title.ts'
import styles from './panel.module.css'
import { type ChartView, formatAxisChoice, parseAxisChoice } from './view.ts'

export type PanelHeadProps = {
  metric: MetricInfo
  metrics: readonly MetricInfo[]
  model: ChartModel | null
  chart: ChartView
  onChange: (change: Partial<ChartView>) => void
  /** Fills the screen with the chart; null where it already does. */
  onFill: (() => void) | null
  onTable: () => void
}

/** The line above a chart: its name, what can be done with it, and whether it is exact. */
export function PanelHead({ metric, metrics, model, chart, onChange, onFill, onTable }: PanelHeadProps): ReactNode {
  const isZoomed = chart.range !== null
  const { title, unit } = metricTitle(metric)
  return (
    <header className={styles.head}>
      <h3 className={styles.title} title={metric.name}>
        {title}
        {unit !== null && <span className={styles.unit}>{unit}</span>}
      </h3>
      {model !== null && model.notes.length > 0 && (
        <Hint text={model.notes.join(' ')}>
          <button type="button" className={styles.note} aria-label={model.notes.join(' ')}>
            <Info size={13} />
          </button>
        </Hint>
      )}
      <div className={styles.actions}>
        {onFill !== null && (
          <IconButton label="Fill the screen" onClick={onFill}>
            <Maximize2 size={13} />
          </IconButton>
        )}
        <IconButton label="Data table" onClick={onTable}>
          <Table2 size={13} />
        </IconButton>
        <Dropdown
          align="end"
          trigger={
            <IconButton label={`Settings of ${title}`}>
              <Ellipsis size={14} />
            </IconButton>
          }
        >
          <MenuToggle isOn={chart.isLog} onChange={(isLog) => onChange({ isLog })}>
            Logarithmic y
          </MenuToggle>
          {isZoomed && <MenuAction onSelect={() => onChange({ range: null })}>Reset zoom</MenuAction>}
          <MenuSeparator />
          <MenuChoice
            label="x axis of this chart"
            value={chart.x === null ? 'page' : formatAxisChoice(chart.x)}
            options={[{ value: 'page', label: 'As on the page' }, ...axisOptions(metrics, metric.x)]}
            onChange={(text) => onChange({ x: text === 'page' ? null : parseAxisChoice(text), range: null })}
          />
        </Dropdown>
      </div>
      {isZoomed && (
        <Hint text="Show all of it" keys="double-click">
          <button type="button" className={styles.zoomed} onClick={() => onChange({ range: null })}>
            <ChevronsLeftRight size={12} /> zoomed
          </button>
        </Hint>
      )}
      {model?.badge != null && (
        <Hint text={model.badge.explanation}>
          <button
            type="button"
            className={classes(styles.badge, model.badge.isExact && styles.exact)}
            data-testid="badge"
          >
            {model.badge.label}
          </button>
        </Hint>
      )}
    </header>
  )
}
