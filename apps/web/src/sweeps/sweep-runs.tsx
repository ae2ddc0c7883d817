'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { projectPath, runPath } from '@kiroku/core/routes'
import type { Sweep } from '@kiroku/core/sweeps/sweeps'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import { formatColumnFilter } from '../filters/column-filters.ts'
import { formatCount } from '../format/numbers.ts'
import { Age } from '../ui/age.tsx'
import { Button, classes } from '../ui/button.tsx'
import { ValueText } from '../ui/number-value.tsx'
import { RunStateMark } from '../ui/run-state.tsx'
import type { PreparedSweep, RunLine } from './prepare-sweep.ts'
import styles from './sweeps.module.css'

/** The table has so many rows at first. */
const rowsAtFirst = 50

export type SweepRunsProps = {
  path: ProjectPath
  sweep: Sweep
  prepared: PreparedSweep
  /** The runs to list, in the order in which they began. */
  lines: readonly RunLine[]
  leftOut: number
  pointed: string | null
  onPoint: (run: string | null) => void
}

/** The sweep's runs with the values of their parameters, the best first. */
export function SweepRuns({ path, sweep, prepared, lines, leftOut, pointed, onPoint }: SweepRunsProps): ReactNode {
  const [isAll, setIsAll] = useState(false)
  const sorted = lines.toSorted(
    (one, other) => (one.rank ?? 2) - (other.rank ?? 2) || other.run.createdAt - one.run.createdAt,
  )
  const rows = isAll ? sorted : sorted.slice(0, rowsAtFirst)
  const alignOf = (index: number): string | undefined =>
    lines.every(({ values }) => typeof values[index] === 'number') ? styles.number : undefined
  const where = formatColumnFilter({ column: 'sweep', test: 'is', value: sweep.slug })
  return (
    <section className={styles.panel} aria-label="Runs">
      <h2>
        Runs
        <Link
          prefetch={false}
          href={`${projectPath(path)}/runs?${new URLSearchParams({ where })}`}
          className={styles.more}
        >
          In the runs table
        </Link>
      </h2>
      {leftOut > 0 && (
        <p className={styles.faint}>
          The latest {formatCount(prepared.lines.length)} runs; {formatCount(leftOut)} earlier ones are in the runs
          table.
        </p>
      )}
      <div className={styles.scroller}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Run</th>
              {prepared.metric !== null && (
                <th
                  scope="col"
                  className={styles.number}
                  aria-sort={prepared.goal === 'maximize' ? 'descending' : 'ascending'}
                >
                  {prepared.metric}
                </th>
              )}
              {prepared.parameters.map((name, index) => (
                <th key={name} scope="col" className={alignOf(index)}>
                  {name}
                </th>
              ))}
              <th scope="col" className={styles.number}>
                Begun
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ run, values }) => (
              <tr
                key={run.run}
                data-testid="sweep-run"
                className={classes(pointed === run.run && styles.isRowPointed)}
                onPointerEnter={() => onPoint(run.run)}
                onPointerLeave={() => onPoint(null)}
              >
                <td>
                  <RunStateMark state={run.state} />{' '}
                  <Link prefetch={false} href={runPath({ ...path, run: run.run })} className={styles.runLink}>
                    {run.displayName}
                  </Link>
                  {run.isStoppedEarly && <small className={styles.faint}> stopped early</small>}
                </td>
                {prepared.metric !== null && (
                  <td className={styles.number}>{run.value !== null && <ValueText value={run.value} />}</td>
                )}
                {prepared.parameters.map((name, index) => (
                  <td key={name} className={alignOf(index)}>
                    <ValueText value={values[index]} />
                  </td>
                ))}
                <td className={styles.number}>
                  <Age time={run.createdAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length < sorted.length && (
        <Button look="plain" onClick={() => setIsAll(true)}>
          All {formatCount(sorted.length)} runs
        </Button>
      )}
    </section>
  )
}
