'use client'
import { Filter } from 'lucide-react'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { Button } from '../ui/button.tsx'
import styles from '../ui/menu-form.module.css'
import { Modal } from '../ui/modal.tsx'
import { type ColumnFilter, columnTests, conditionOf, filterLabel, needsValue, testLabel } from './column-filters.ts'

export type FilterMenuProps = {
  /** The columns that are known; any other name of config or summary can be typed. */
  columns: readonly string[]
  onAdd: (filter: ColumnFilter) => void
}

/** Adds a condition on a column: all runs of the project are held against it, loaded or not. */
export function FilterMenu({ columns, onAdd }: FilterMenuProps): ReactNode {
  const [isOpen, setIsOpen] = useState(false)
  const [column, setColumn] = useState('')
  const [test, setTest] = useState<ColumnFilter['test']>('is')
  const [value, setValue] = useState('')
  const listId = useId()
  const filter = { column: column.trim(), test, value: needsValue(test) ? value.trim() : '' }
  const isUsable = conditionOf(filter) !== null
  const add = (event: FormEvent): void => {
    event.preventDefault()
    if (!isUsable) return
    onAdd(filter)
    setIsOpen(false)
    setValue('')
  }
  return (
    <>
      <Button look="plain" data-testid="add-filter" onClick={() => setIsOpen(true)}>
        <Filter size={14} /> Filter
      </Button>
      <Modal isOpen={isOpen} onClose={() => setIsOpen(false)} title="Filter runs by a column">
        <form className={styles.form} onSubmit={add}>
          <label className={styles.field}>
            <span>Column</span>
            <input
              name="column"
              list={listId}
              placeholder="config.lr, summary.loss, name …"
              autoComplete="off"
              value={column}
              onChange={(event) => setColumn(event.target.value)}
            />
            <datalist id={listId}>
              {columns.map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </label>
          <label className={styles.field}>
            <span>Condition</span>
            <select
              name="test"
              value={test}
              onChange={(event) => setTest(columnTests.find((one) => one === event.target.value) ?? 'is')}
            >
              {columnTests.map((one) => (
                <option key={one} value={one}>
                  {testLabel(one)}
                </option>
              ))}
            </select>
          </label>
          {needsValue(test) && (
            <label className={styles.field}>
              <span>Value</span>
              <input name="value" autoComplete="off" value={value} onChange={(event) => setValue(event.target.value)} />
            </label>
          )}
          <div className={styles.foot}>
            <span className={styles.said}>{isUsable ? filterLabel(filter) : ''}</span>
            <Button look="primary" type="submit" disabled={!isUsable}>
              Add filter
            </Button>
          </div>
        </form>
      </Modal>
    </>
  )
}
