import type { SqlAnswer, SqlCell } from '@kiroku/core/sql'
import { isNumericType, sqlCellText, sqlCsv } from '@kiroku/core/sql-text'
import { Download } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { WholeChart } from '../chart/whole-chart.tsx'
import { formatCount } from '../format/numbers.ts'
import { Button, classes } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Hint } from '../ui/hint.tsx'
import { VirtualRows } from '../ui/virtual-rows.tsx'
import { PanelLegend } from '../workspace/panel-legend.tsx'
import { chartOf, type ResultChart } from './result-chart.ts'
import styles from './sql.module.css'

const rowHeight = 28

export type ResultViewProps = { answer: SqlAnswer; isOld: boolean; fileName: string }

/** What a query gave: as a table, or as lines where its columns allow it. */
export function ResultView({ answer, isOld, fileName }: ResultViewProps): ReactNode {
  const chart = useMemo(() => chartOf(answer), [answer])
  const csv = useMemo(() => sqlCsv(answer), [answer])
  const [wanted, setWanted] = useState<'table' | 'chart'>('table')
  const isChart = wanted === 'chart' && chart !== null
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }))
    const link = document.createElement('a')
    link.href = url
    link.download = fileName
    link.click()
    URL.revokeObjectURL(url)
  }
  return (
    <section className={classes(styles.result, isOld && styles.old)} aria-label="Result">
      <div className={styles.resultBar}>
        <span data-testid="sql-count" role="status">
          {answer.hasMore
            ? `the first ${formatCount(answer.rows.length)} rows of more`
            : `${formatCount(answer.rows.length)} ${answer.rows.length === 1 ? 'row' : 'rows'}`}
          <span className={styles.faint}> in {Math.round(answer.elapsedMs)} ms</span>
        </span>
        <span className={styles.spring} />
        {chart !== null && (
          <span className={styles.switch}>
            {(['table', 'chart'] as const).map((form) => (
              <Button
                key={form}
                look="plain"
                aria-pressed={isChart === (form === 'chart')}
                onClick={() => setWanted(form)}
              >
                {form === 'table' ? 'Table' : 'Chart'}
              </Button>
            ))}
          </span>
        )}
        <Hint text="Copy as CSV">
          <CopyButton text={csv} label="Copy as CSV" />
        </Hint>
        <Button look="plain" onClick={save}>
          <Download size={13} /> CSV
        </Button>
      </div>
      {isChart ? <Lines chart={chart} /> : <Rows answer={answer} />}
    </section>
  )
}

function Rows({ answer }: { answer: SqlAnswer }): ReactNode {
  const [scroller, setScroller] = useState<HTMLElement | null>(null)
  const numeric = answer.columns.map(({ type }) => isNumericType(type))
  return (
    // Rows are out of reach of the keyboard unless what scrolls them takes it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must take the focus
    <section className={styles.scroller} ref={setScroller} tabIndex={0} aria-label="Rows">
      <table aria-rowcount={answer.rows.length + 1}>
        <caption className="visually-hidden">Result</caption>
        <thead>
          <tr>
            <td className={styles.number} />
            {answer.columns.map(({ name, type }, index) => (
              <th
                key={`${index} ${name}`}
                scope="col"
                className={classes(numeric[index] && styles.numeric)}
                title={type}
              >
                {name}
              </th>
            ))}
            <td className={styles.filler} />
          </tr>
        </thead>
        <VirtualRows
          scroller={scroller}
          count={answer.rows.length}
          rowHeight={rowHeight}
          columns={answer.columns.length + 2}
          renderRow={(at) => (
            <tr data-testid="sql-row">
              <td className={styles.number}>{at + 1}</td>
              {answer.columns.map(({ name }, index) => (
                <td key={`${index} ${name}`} className={classes(numeric[index] && styles.numeric)}>
                  <Cell cell={answer.rows[at]?.[index] ?? null} />
                </td>
              ))}
              <td className={styles.filler} />
            </tr>
          )}
        />
      </table>
    </section>
  )
}

function Cell({ cell }: { cell: SqlCell }): ReactNode {
  if (cell === null) return <span className={styles.faint}>null</span>
  const text = sqlCellText(cell)
  return <span title={text.length > 30 ? text.slice(0, 2000) : undefined}>{text}</span>
}

function Lines({ chart }: { chart: ResultChart }): ReactNode {
  return (
    <WholeChart chart={chart} label="The result as lines" className={styles.chart} testId="sql-chart">
      {({ lines, notes }) => (
        <>
          <PanelLegend lines={lines} />
          {notes.map((note) => (
            <p key={note} className={styles.more}>
              {note}
            </p>
          ))}
        </>
      )}
    </WholeChart>
  )
}
