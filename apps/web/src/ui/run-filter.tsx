import { Search } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import styles from './run-filter.module.css'

export type RunFilterProps = {
  /** For the key that leads here. */
  input: RefObject<HTMLInputElement | null>
  value: string
  onChange: (value: string) => void
  /** What stands behind the text. */
  children?: ReactNode
}

/** The field that filters runs by name, id, tag or group; Escape leaves it. */
export function RunFilter({ input, value, onChange, children }: RunFilterProps): ReactNode {
  return (
    <label className={styles.field}>
      <Search size={13} />
      <span className="visually-hidden">Filter runs</span>
      <input
        ref={input}
        type="search"
        placeholder="Filter by name, id, tag or group"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
      {children}
    </label>
  )
}
