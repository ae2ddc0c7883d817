import { Search } from 'lucide-react'
import type { ReactNode, Ref } from 'react'
import styles from './search-field.module.css'

export type SearchFieldProps = {
  label: string
  value: string
  onChange: (value: string) => void
  input?: Ref<HTMLInputElement>
}

/** A field to find things by, with what it finds as its name. Escape leaves it. */
export function SearchField({ label, value, onChange, input }: SearchFieldProps): ReactNode {
  return (
    <label className={styles.search}>
      <Search size={13} />
      <span className="visually-hidden">{label}</span>
      <input
        ref={input}
        type="search"
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
    </label>
  )
}
