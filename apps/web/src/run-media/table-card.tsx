'use client'
import type { CustomChart } from '@kiroku/core/custom-chart'
import { type TableContent, type TableValue, tableContentSchema } from '@kiroku/core/media'
import type { RunAddress } from '@kiroku/core/queries'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { fileUrl } from '../api/file-client.ts'
import { errorOf } from '../api/series-client.ts'
import { describeError } from '../api/trpc.ts'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { Button, classes } from '../ui/button.tsx'
import { ValueText } from '../ui/number-value.tsx'
import { VirtualRows } from '../ui/virtual-rows.tsx'
import { CustomChartView } from './custom-chart-view.tsx'
import styles from './media-page.module.css'
import own from './table-card.module.css'
import { nextTableSort, type TableSort, tableRows } from './table-rows.ts'

/** The largest table that is read without being asked to, in bytes. */
const readByItself = 8 * 1024 * 1024

export type TableCardProps = {
  address: RunAddress
  table: TableValue
  /** How its client has it drawn, if at all. */
  chart: CustomChart | undefined
  color: string
}

/** A logged table, with columns that sort; behind its chart, where it is the table of one. */
export function TableCard({ address, table, chart, color }: TableCardProps): ReactNode {
  const [isOpen, setIsOpen] = useState(false)
  const [isWanted, setIsWanted] = useState(false)
  const url = fileUrl(address, table.path)
  const isRead = isWanted || table.size <= readByItself
  const query = useQuery({
    queryKey: ['table', url, table.sha256],
    queryFn: async ({ signal }) => {
      const response = await fetch(url, { signal })
      if (!response.ok) throw await errorOf(response)
      return tableContentSchema.parse(await response.json())
    },
    enabled: isRead,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  })
  return (
    <>
      {query.data !== undefined && chart !== undefined && (
        <CustomChartView content={query.data} chart={chart} color={color} />
      )}
      {query.data !== undefined && (chart === undefined || isOpen) && <Rows content={query.data} />}
      {query.error !== null && <p className={styles.note}>{describeError(query.error)}</p>}
      {!isRead && (
        <p className={styles.note}>
          <Button onClick={() => setIsWanted(true)}>Read {formatBytes(table.size)}</Button>
        </p>
      )}
      <div className={styles.axis}>
        <span>
          {formatCount(table.rows)} {table.rows === 1 ? 'row' : 'rows'}, {formatCount(table.columns.length)}{' '}
          {table.columns.length === 1 ? 'column' : 'columns'}
        </span>
        {chart !== undefined && (
          <button type="button" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? 'Hide the table' : 'Show the table'}
          </button>
        )}
        <a href={url} download={table.path.split('/').at(-1)}>
          <Download size={12} /> {formatBytes(table.size)}
        </a>
      </div>
    </>
  )
}

function Rows({ content }: { content: TableContent }): ReactNode {
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const [sort, setSort] = useState<TableSort>(null)
  const rows = useMemo(() => tableRows(content, sort), [content, sort])
  const isNumeric = useMemo(
    () => content.columns.map((_, column) => rows.some((row) => typeof row[column] === 'number')),
    [content.columns, rows],
  )
  return (
    <div className={own.tableScroller} ref={setScroller}>
      <table className={own.table} aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {content.columns.map((name, column) => {
              const isSorted = sort?.column === column
              const direction = isSorted ? (sort.isDescending ? 'descending' : 'ascending') : 'none'
              return (
                <th
                  key={column}
                  scope="col"
                  aria-sort={direction}
                  className={classes(isNumeric[column] && own.numeric)}
                >
                  <button type="button" onClick={() => setSort(nextTableSort(sort, column))} title={name}>
                    {name} <i>{direction === 'none' ? '' : direction === 'ascending' ? '↑' : '↓'}</i>
                  </button>
                </th>
              )
            })}
          </tr>
        </thead>
        <VirtualRows
          scroller={scroller}
          count={rows.length}
          rowHeight={28}
          columns={content.columns.length}
          renderRow={(index) => (
            <tr aria-rowindex={index + 2} data-testid="table-row">
              {content.columns.map((_, column) => (
                <td key={column} className={classes(isNumeric[column] && own.numeric)}>
                  <ValueText value={rows[index]?.[column]} />
                </td>
              ))}
            </tr>
          )}
        />
      </table>
    </div>
  )
}
