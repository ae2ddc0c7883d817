'use client'
import { type PointerEvent, type ReactNode, useEffect, useState } from 'react'
import styles from './resize-handle.module.css'

const storageKey = 'kiroku.list-width'
const narrowest = 220
const widest = 520
const usual = 280

const within = (width: number): number => Math.min(widest, Math.max(narrowest, Math.round(width)))

/** The width of the runs list in CSS pixels, kept in the browser. */
export function useListWidth(): [number, (width: number) => void] {
  const [width, setWidth] = useState(usual)
  useEffect(() => {
    const stored = Number(localStorage.getItem(storageKey))
    if (stored >= narrowest) setWidth(within(stored))
  }, [])
  const change = (next: number): void => {
    setWidth(within(next))
    localStorage.setItem(storageKey, String(within(next)))
  }
  return [width, change]
}

/** The list's right edge, to be dragged, or moved by the arrow keys; a double-click brings back the usual width. */
export function ResizeHandle({ width, onChange }: { width: number; onChange: (width: number) => void }): ReactNode {
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const left = event.currentTarget.parentElement?.getBoundingClientRect().left ?? 0
    onChange(event.clientX - left)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule between two panes cannot be moved, this can
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the runs list"
      aria-valuenow={width}
      aria-valuemin={narrowest}
      aria-valuemax={widest}
      tabIndex={0}
      className={styles.handle}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onDoubleClick={() => onChange(usual)}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') onChange(width - 16)
        if (event.key === 'ArrowRight') onChange(width + 16)
      }}
    />
  )
}
