'use client'
import type { MetricInfo } from '@kiroku/core/queries'
import type { Run } from '@kiroku/core/runs'
import { ChevronDown, PanelLeft, Search } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button, IconButton } from '../ui/button.tsx'
import { Hint } from '../ui/hint.tsx'
import { Dropdown, MenuChoice } from '../ui/menu.tsx'
import { axisChoiceLabel, axisOptions } from './axis-options.ts'
import { GroupMenu } from './group-menu.tsx'
import styles from './toolbar.module.css'
import { formatAxisChoice, parseAxisChoice, withAxis } from './view.ts'
import { useView } from './view-context.tsx'

export type ToolbarProps = {
  metrics: readonly MetricInfo[]
  /** The runs that may be grouped; left out on pages that have one run. */
  runs?: readonly Run[]
  /** Folds the runs list; left out on pages that have none. */
  onList?: () => void
}

/** What holds for all charts of the page: their x, their smoothing, and which of them are there. */
export function Toolbar({ metrics, runs, onList }: ToolbarProps): ReactNode {
  const { view, change } = useView()
  return (
    <div className={styles.bar} role="toolbar" aria-label="Charts">
      {onList !== undefined && (
        <Hint text="Runs list" keys="[">
          <IconButton label="Show or fold the runs list" onClick={onList}>
            <PanelLeft size={15} />
          </IconButton>
        </Hint>
      )}
      <Dropdown
        trigger={
          <Button look="plain" data-testid="x-axis">
            <span className={styles.label}>x</span> {axisChoiceLabel(view.x)} <ChevronDown size={13} />
          </Button>
        }
      >
        <MenuChoice
          label="x axis of all charts"
          value={formatAxisChoice(view.x)}
          options={axisOptions(metrics, null)}
          onChange={(text) => change((last) => withAxis(last, parseAxisChoice(text) ?? { kind: 'bound' }))}
        />
      </Dropdown>
      <label className={styles.smoothing}>
        <span className={styles.label}>smoothing</span>
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={view.smoothing}
          onChange={(event) => change({ smoothing: Number(event.target.value) })}
          onDoubleClick={() => change({ smoothing: 0 })}
        />
        <output className={styles.amount}>{view.smoothing.toFixed(2)}</output>
      </label>
      {runs !== undefined && <GroupMenu runs={runs} />}
      <span className={styles.spring} />
      <label className={styles.search}>
        <Search size={13} />
        <span className="visually-hidden">Find charts</span>
        <input
          type="search"
          placeholder="Find charts"
          value={view.find}
          onChange={(event) => change({ find: event.target.value })}
        />
      </label>
    </div>
  )
}
