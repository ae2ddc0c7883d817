'use client'
import type { ReactNode } from 'react'
import { Hint } from '../ui/hint.tsx'
import type { PreparedSweep } from './prepare-sweep.ts'
import styles from './sweeps.module.css'

/** How much each parameter goes with the metric, the most first. */
export function ImportanceBars({ prepared: { importance, metric } }: { prepared: PreparedSweep }): ReactNode {
  return (
    <section className={styles.panel} aria-label="Importance">
      <h2>What goes with {metric}</h2>
      {importance.length === 0 ? (
        <p className={styles.faint}>Told once five runs have a value.</p>
      ) : (
        <table className={styles.bars} data-testid="importance">
          <tbody>
            {importance.map(({ name, strength, isSigned }) => (
              <tr key={name}>
                <th scope="row" title={name}>
                  {name}
                </th>
                <td>
                  <Hint
                    text={
                      isSigned ? directionOf(name, metric ?? '', strength) : `Share of ${metric} that ${name} explains.`
                    }
                  >
                    <span className={styles.track}>
                      <span
                        className={styles.bar}
                        data-sign={!isSigned ? 'none' : strength < 0 ? 'less' : 'more'}
                        style={{ width: `${Math.round(100 * Math.abs(strength))}%` }}
                      />
                    </span>
                  </Hint>
                </td>
                <td className={styles.number}>
                  {isSigned && strength > 0 ? '+' : ''}
                  {strength.toFixed(2).replace('-', '−')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function directionOf(name: string, metric: string, strength: number): string {
  return `Rank correlation: runs with more ${name} tend to have ${strength < 0 ? 'less' : 'more'} ${metric}.`
}
