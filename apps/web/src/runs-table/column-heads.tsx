'use client'
import { Columns3 } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button, classes } from '../ui/button.tsx'
import { Dropdown, MenuAction, MenuSeparator, MenuToggle } from '../ui/menu.tsx'
import { toggle } from '../workspace/view.ts'
import type { Column } from './columns.ts'
import styles from './runs-table.module.css'

/** Whether a column's label says all of it. */
const isNamed = ({ kind }: Column): boolean => kind === 'fact' || kind === 'measure'

export type ColumnHeadProps = {
  column: Column
  isNumeric: boolean
  direction: 'ascending' | 'descending' | 'none'
  onSort: () => void
}

/** The head of a column: a click sorts by it. */
export function ColumnHead({ column, isNumeric, direction, onSort }: ColumnHeadProps): ReactNode {
  return (
    <th scope="col" aria-sort={direction} className={classes(isNumeric && styles.numeric)} data-column={column.id}>
      <button type="button" onClick={onSort} title={isNamed(column) ? column.label : `${column.kind}.${column.label}`}>
        {column.kind === 'config' && 'config.'}
        {column.label}
        <span className={styles.arrow} aria-hidden="true">
          {direction === 'none' ? '' : direction === 'ascending' ? '↑' : '↓'}
        </span>
      </button>
    </th>
  )
}

export type ColumnPickerProps = {
  all: readonly Column[]
  chosen: readonly string[]
  onChange: (columns: readonly string[] | null) => void
}

/** Chooses the columns; says how many there are. */
export function ColumnPicker({ all, chosen, onChange }: ColumnPickerProps): ReactNode {
  const shown = all.filter((column) => chosen.includes(column.id)).length
  return (
    <Dropdown
      align="end"
      trigger={
        <Button look="plain" data-testid="columns">
          <Columns3 size={14} /> {shown} of {all.length} columns
        </Button>
      }
    >
      <MenuAction onSelect={() => onChange(null)}>As at first</MenuAction>
      <MenuAction onSelect={() => onChange(all.map(({ id }) => id))}>All</MenuAction>
      <MenuSeparator />
      {all.map((column) => (
        <MenuToggle
          key={column.id}
          isOn={chosen.includes(column.id)}
          onChange={() => onChange(toggle(chosen, column.id))}
        >
          {isNamed(column) ? column.label : column.id}
        </MenuToggle>
      ))}
    </Dropdown>
  )
}
