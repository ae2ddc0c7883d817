'use client'
import { runPath } from '@kiroku/core/routes'
import type { Run } from '@kiroku/core/runs'
import { Trash2 } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { formatDuration } from '../format/times.ts'
import { Age } from '../ui/age.tsx'
import { classes, IconButton } from '../ui/button.tsx'
import { ValueText } from '../ui/number-value.tsx'
import { RunStateMark } from '../ui/run-state.tsx'
import type { CellValue, Column } from './columns.ts'
import styles from './runs-table.module.css'

export type RunTableRowProps = {
  run: Run
  color: string
  columns: readonly Column[]
  numeric: ReadonlySet<string>
  cellOf: CellValue
  onTag: (tag: string) => void
  onDelete: () => void
}

/** One run of the table. */
export function RunTableRow({ run, color, columns, numeric, cellOf, onTag, onDelete }: RunTableRowProps): ReactNode {
  return (
    <tr data-testid="run" data-run={run.slug}>
      <th scope="row" className={styles.name}>
        <span className={styles.dot} style={{ background: color }} />
        <Link prefetch={false} href={runPath({ ...run, run: run.slug })} title={`${run.displayName} (${run.slug})`}>
          {run.displayName}
        </Link>
        <IconButton label={`Delete ${run.displayName}`} className={styles.delete} onClick={onDelete}>
          <Trash2 size={13} />
        </IconButton>
      </th>
      {columns.map((column) => (
        <td key={column.id} className={classes(numeric.has(column.id) && styles.numeric)} data-column={column.id}>
          <Cell run={run} column={column} cellOf={cellOf} onTag={onTag} />
        </td>
      ))}
      <td className={styles.filler} />
    </tr>
  )
}

type CellProps = { run: Run; column: Column; cellOf: CellValue; onTag: (tag: string) => void }

function Cell({ run, column, cellOf, onTag }: CellProps): ReactNode {
  switch (column.id) {
    case 'state':
      return <RunStateMark state={run.state} isNamed />
    case 'created':
      return <Age time={run.createdAt} />
    case 'runtime':
      return formatDuration(run.runtimeMs)
    case 'tags':
      return (
        <span className={styles.tags}>
          {run.tags.map((tag) => (
            <button key={tag} type="button" className={styles.tag} onClick={() => onTag(tag)}>
              {tag}
            </button>
          ))}
        </span>
      )
    default:
      return <ValueText value={cellOf(run, column.id)} />
  }
}
