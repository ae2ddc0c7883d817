import type { Usage } from '@kiroku/core/usage'
import type { ReactNode } from 'react'
import { formatCount } from '../format/numbers.ts'
import styles from './usage.module.css'
import { describeBytes, describeTotal, partsOf, usageKinds } from './usage-kinds.ts'

/** What something takes as a bar with a part for each kind; a bar of `ofBytes` is as wide as its place. */
export function UsageBar({ usage, ofBytes }: { usage: Usage; ofBytes: number }): ReactNode {
  return (
    <span className={styles.bar} aria-hidden>
      {partsOf(usage, ofBytes).map(({ kind, percent }) => (
        <span
          key={kind.order}
          className={styles.part}
          data-kind={kind.order}
          title={`${kind.label}: ${describeBytes(kind, usage)}`}
          style={{ width: `${percent}%` }}
        />
      ))}
    </span>
  )
}

/** The sum of all: its bar, and each kind with its count and bytes. */
export function UsageSum({ usage, ofBytes, note }: { usage: Usage; ofBytes: number; note?: ReactNode }): ReactNode {
  return (
    <div className={styles.sum} data-testid="usage-sum">
      <p className={styles.total}>
        {describeTotal(usage)} {note !== undefined && <span>{note}</span>}
      </p>
      <UsageBar usage={usage} ofBytes={ofBytes} />
      <dl className={styles.legend}>
        {usageKinds.map((kind) => (
          <div key={kind.order}>
            <dt>
              <span className={styles.key} data-kind={kind.order} /> {kind.label}
            </dt>
            <dd>
              {formatCount(kind.count(usage))} <span>{describeBytes(kind, usage)}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p className={styles.hint}>
        Counts and the sizes of files are exact. Bytes with a ~ are estimates: the database keeps the rows of all runs
        together, so each run is given the mean size of its rows.
      </p>
    </div>
  )
}
