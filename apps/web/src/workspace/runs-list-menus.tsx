'use client'
import { runStateSchema } from '@kiroku/core/runs'
import { ListFilter } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatCount, formatShortCount } from '../format/numbers.ts'
import { IconButton } from '../ui/button.tsx'
import { Dropdown, MenuChoice, MenuSeparator, MenuToggle } from '../ui/menu.tsx'
import styles from './runs-list.module.css'
import { drawnChoices, toggle, type View } from './view.ts'
import { useView } from './view-context.tsx'

/** How many runs are drawn of how many, and the choice of how many that is at first. */
export function DrawnMenu({ drawn, total }: { drawn: number; total: number }): ReactNode {
  const { view, change } = useView()
  return (
    <Dropdown
      align="end"
      trigger={
        <button
          type="button"
          className={styles.drawn}
          data-testid="drawn-count"
          title={`${drawn} of ${formatCount(total)} runs are drawn`}
        >
          {drawn} of {formatShortCount(total)} drawn
        </button>
      }
    >
      <MenuChoice
        label="Draw at first"
        value={view.hidden.length + view.shown.length > 0 ? '' : String(view.drawn)}
        options={drawnChoices.map((count) => ({ value: String(count), label: `The newest ${count}` }))}
        onChange={(count) => change({ drawn: Number(count), hidden: [], shown: [] })}
      />
    </Dropdown>
  )
}

/** Keeps only runs in some states. */
export function StateFilter({ view, onChange }: { view: View; onChange: (states: View['states']) => void }): ReactNode {
  return (
    <Dropdown
      align="end"
      trigger={
        <IconButton label="Filter by state" aria-pressed={view.states.length > 0}>
          <ListFilter size={14} />
        </IconButton>
      }
    >
      {runStateSchema.options.map((state) => (
        <MenuToggle
          key={state}
          isOn={view.states.includes(state)}
          onChange={() => onChange(toggle(view.states, state))}
        >
          {state}
        </MenuToggle>
      ))}
      <MenuSeparator />
      <MenuToggle isOn={view.states.length === 0} onChange={() => onChange([])}>
        any state
      </MenuToggle>
    </Dropdown>
  )
}
