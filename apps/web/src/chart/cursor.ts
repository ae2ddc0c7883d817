import { useEffect } from 'react'
import { createStore } from '../ui/store.ts'

/** Where the pointer stands on one chart, for all charts with the same axis. `source` is the chart that has it. */
export type SharedCursor = { axis: string; x: number; source: string }

/** The cursor that charts share; null while the pointer is on none. */
export const sharedCursor = createStore<SharedCursor | null>(null)

/** The run whose lines stand out on all charts: the one that the reader points at in a list. */
export const highlightedRun = createStore<string | null>(null)

/** Nothing stands out any more once the component that had it stand out is gone: the pointer does not tell of that. */
export function useHighlightEnd(): void {
  useEffect(() => () => highlightedRun.set(null), [])
}
