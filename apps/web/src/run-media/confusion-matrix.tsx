import type { ReactNode } from 'react'
import { formatCount, formatShortCount } from '../format/numbers.ts'
import styles from './custom-chart.module.css'

export type ConfusionMatrixProps = { classes: string[]; counts: number[][]; most: number }

/** How often each class was taken for which: the more often, the stronger the colour. */
export function ConfusionMatrix({ classes, counts, most }: ConfusionMatrixProps): ReactNode {
  return (
    <div className={styles.matrixScroller}>
      <table className={styles.matrix}>
        <caption>
          <span>rows: actual</span> <span>columns: predicted</span>
        </caption>
        <thead>
          <tr>
            <td />
            {classes.map((name) => (
              <th key={name} scope="col" title={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map((actual, row) => (
            <tr key={actual}>
              <th scope="row" title={actual}>
                {actual}
              </th>
              {classes.map((predicted, column) => {
                const count = counts[row]?.[column] ?? 0
                const share = most > 0 ? count / most : 0
                return (
                  <td
                    key={predicted}
                    data-strong={share > 0.55 ? '' : undefined}
                    style={{
                      background: `color-mix(in oklab, var(--accent) ${Math.round(share * 100)}%, var(--bg-side))`,
                    }}
                    title={`${actual} taken for ${predicted}: ${formatCount(count)}`}
                  >
                    {formatShortCount(count)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
