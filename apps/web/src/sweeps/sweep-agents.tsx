import type { SweepAgent } from '@kiroku/core/sweeps/sweeps'
import type { ReactNode } from 'react'
import { formatCount } from '../format/numbers.ts'
import { Age } from '../ui/age.tsx'
import styles from './sweeps.module.css'

/** The processes that asked the sweep for runs. */
export function SweepAgents({ agents }: { agents: readonly SweepAgent[] }): ReactNode {
  return (
    <section className={styles.panel} aria-label="Agents">
      <h2>Agents</h2>
      {agents.length === 0 ? (
        <p className={styles.faint}>None has come yet.</p>
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Host</th>
              <th scope="col">State</th>
              <th scope="col" className={styles.number}>
                Runs
              </th>
              <th scope="col" className={styles.number}>
                Heard of
              </th>
            </tr>
          </thead>
          <tbody>
            {agents.map((agent) => (
              <tr key={agent.id} data-testid="agent">
                <td>{agent.host}</td>
                <td>{agent.state}</td>
                <td className={styles.number}>{formatCount(agent.runCount)}</td>
                <td className={styles.number}>
                  <Age time={agent.heartbeatAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
