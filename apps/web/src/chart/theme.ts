import { useSyncExternalStore } from 'react'
import type { ChartTheme } from './draw-lines.ts'

let cached: ChartTheme | null = null

function read(): ChartTheme {
  const style = getComputedStyle(document.documentElement)
  const variable = (name: string): string => style.getPropertyValue(name).trim()
  return {
    text: variable('--text-faint'),
    grid: variable('--grid'),
    cursor: variable('--line-strong'),
    selection: variable('--accent-soft'),
    background: variable('--bg'),
    font: getComputedStyle(document.body).fontFamily,
  }
}

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(() => {
    cached = null
    listener()
  })
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  return () => observer.disconnect()
}

function snapshot(): ChartTheme {
  cached ??= read()
  return cached
}

/** The page's colours for canvases; null while the server renders. */
export function useChartTheme(): ChartTheme | null {
  return useSyncExternalStore(subscribe, snapshot, () => null)
}
