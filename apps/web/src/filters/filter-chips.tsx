'use client'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { type ColumnFilter, filterLabel, formatColumnFilter } from './column-filters.ts'
import styles from './filters.module.css'

export type FilterChipsProps = {
  filters: readonly ColumnFilter[]
  onChange: (filters: readonly ColumnFilter[]) => void
}

/** The conditions that hold; a click takes one away. */
export function FilterChips({ filters, onChange }: FilterChipsProps): ReactNode {
  return filters.map((filter) => (
    <button
      key={formatColumnFilter(filter)}
      type="button"
      className={styles.chip}
      data-testid="filter-chip"
      title={filterLabel(filter)}
      aria-label={`No longer filter by ${filterLabel(filter)}`}
      onClick={() => onChange(filters.filter((other) => other !== filter))}
    >
      <span>{filterLabel(filter)}</span> <X size={11} />
    </button>
  ))
}
