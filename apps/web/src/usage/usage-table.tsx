import { totalBytes, type Usage, type UsageOrder } from '@kiroku/core/usage'
import { ArrowDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatCount } from '../format/numbers.ts'
import { classes } from '../ui/button.tsx'
import styles from './usage.module.css'
import { UsageBar } from './usage-bar.tsx'
import { describeBytes, describeTotal, usageKinds } from './usage-kinds.ts'

/** A row: what takes room, and beside its name what may be done about it. */
export type UsageRow = { id: string; name: ReactNode; action?: ReactNode; isDeleted: boolean; usage: Usage }

export type UsageTableProps = {
  label: string
  nameLabel: string
  rows: readonly UsageRow[]
  order: UsageOrder
  onOrder: (order: UsageOrder) => void
}

/** What takes how much room, the largest first by the column that is chosen. */
export function UsageTable({ label, nameLabel, rows, order, onOrder }: UsageTableProps): ReactNode {
  const largest = Math.max(0, ...rows.map(({ usage }) => totalBytes(usage)))
  const head = (column: UsageOrder, text: string): ReactNode => (
    <th
      key={column}
      scope="col"
      className={classes(column !== 'bytes' && styles.number)}
      aria-sort={order === column ? 'descending' : undefined}
    >
      <button type="button" onClick={() => onOrder(column)}>
        {text} {order === column && <ArrowDown size={12} />}
      </button>
    </th>
  )
  return (
    <div className={styles.scroller}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{nameLabel}</th>
            {head('bytes', 'Takes')}
            {usageKinds.map((kind) => head(kind.order, kind.label))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, name, action, isDeleted, usage }) => (
            <tr key={id} data-testid="usage-row" data-deleted={isDeleted || undefined}>
              <td className={styles.name}>
                <div>
                  {name}
                  {action}
                </div>
              </td>
              <td className={styles.takes}>
                <span>{describeTotal(usage)}</span>
                <UsageBar usage={usage} ofBytes={largest} />
              </td>
              {usageKinds.map((kind) => (
                <td key={kind.order} className={styles.number} data-kind={kind.order}>
                  {kind.count(usage) === 0 ? (
                    <span>0</span>
                  ) : (
                    <>
                      {formatCount(kind.count(usage))} <span>{describeBytes(kind, usage)}</span>
                    </>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
