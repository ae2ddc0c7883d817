'use client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Fragment, type ReactNode } from 'react'

export type VirtualRowsProps = {
  /** What scrolls: an element kept in a state, because a ref is not set yet when rows are first laid out. */
  scroller: HTMLElement | null
  count: number
  rowHeight: number
  columns: number
  renderRow: (index: number) => ReactNode
}

/** The body of a long table: only rows near the view exist, and spacers keep the others' room. */
export function VirtualRows({ scroller, count, rowHeight, columns, renderRow }: VirtualRowsProps): ReactNode {
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller,
    estimateSize: () => rowHeight,
    overscan: 16,
  })
  const items = virtual.getVirtualItems()
  const before = items[0]?.start ?? 0
  const after = Math.max(0, virtual.getTotalSize() - (items.at(-1)?.end ?? 0))
  return (
    <tbody>
      {before > 0 && <Spacer height={before} columns={columns} />}
      {items.map(({ index, key }) => (
        <Fragment key={key}>{renderRow(index)}</Fragment>
      ))}
      {after > 0 && <Spacer height={after} columns={columns} />}
    </tbody>
  )
}

function Spacer({ height, columns }: { height: number; columns: number }): ReactNode {
  return (
    <tr>
      <td colSpan={columns} style={{ height, padding: 0, border: 0 }} />
    </tr>
  )
}
