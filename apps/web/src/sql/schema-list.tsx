import { type SqlEntries, sqlTables } from '@kiroku/core/sql'
import { type ReactNode, useState } from 'react'
import { isNameable, sqlName } from './examples.ts'
import styles from './sql.module.css'

const maxEntriesShown = 200

export type SchemaListProps = { entries: SqlEntries['entries']; onPick: (text: string) => void }

type Shown = { name: string; type: string; about?: string }

/** The tables and their columns; a click puts a name in the query. */
export function SchemaList({ entries, onPick }: SchemaListProps): ReactNode {
  const [search, setSearch] = useState('')
  const sought = search.trim().toLowerCase()
  const ofRuns = entries.filter(({ name }) => isNameable(name))
  return (
    <aside className={styles.schema} aria-label="Tables">
      <input
        type="search"
        className={styles.find}
        placeholder="Find a column"
        aria-label="Find a column"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      {sqlTables.map(({ name, about, columns }) => {
        const fixed = columns.filter((column) => !column.name.endsWith('.KEY'))
        const all: Shown[] = name === 'runs' ? [...fixed, ...ofRuns] : [...fixed]
        const found = all.filter((column) => column.name.toLowerCase().includes(sought))
        const shown = found.slice(0, maxEntriesShown)
        if (sought !== '' && found.length === 0) return null
        return (
          <details key={name} open className={styles.table}>
            <summary title={about}>
              <code>{name}</code> <span>{about}</span>
            </summary>
            <ul>
              {shown.map((column) => (
                <li key={column.name}>
                  <button
                    type="button"
                    title={`${column.about ?? 'an entry that runs of the project have'} (${column.type})`}
                    onClick={() => onPick(sqlName(column.name))}
                  >
                    <code>{column.name}</code>
                    <span>{shortType(column.type)}</span>
                  </button>
                </li>
              ))}
            </ul>
            {found.length > shown.length && (
              <p className={styles.more}>{found.length - shown.length} more: find them by name</p>
            )}
          </details>
        )
      })}
    </aside>
  )
}

/** The type without what a reader need not see. */
const shortType = (type: string): string =>
  type
    .replace(/^LowCardinality\((.*)\)$/, '$1')
    .replace(/^Nullable\((.*)\)$/, '$1?')
    .replace(/DateTime64\(3, 'UTC'\)/, 'DateTime64')
