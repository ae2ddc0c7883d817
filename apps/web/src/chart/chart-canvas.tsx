'use client'
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { useStore } from '../ui/store.ts'
import styles from './chart.module.css'
import { ChartTooltip } from './chart-tooltip.tsx'
import { highlightedRun, sharedCursor } from './cursor.ts'
import { type ChartSize, drawChart, drawOverlay, plotArea } from './draw-chart.ts'
import type { ChartTheme } from './draw-lines.ts'
import { type Hover, hoverAt, visibleY } from './hover.ts'
import { type ChartModel, lineKey } from './prepare-chart.ts'
import { place, type Range, roundTo, valueAt } from './scale.ts'

export type ChartCanvasProps = {
  model: ChartModel
  size: ChartSize
  theme: ChartTheme
  label: string
  /** A range of x that the reader selected, or null for all of it. */
  onZoom: (range: Range | null) => void
}

type Pointer = { clientX: number; clientY: number; hover: Hover; highlight: string | null }

/** A drag shorter than this is a click, in CSS pixels. */
const shortestDrag = 5
/** The line within this distance of the pointer stands out, in CSS pixels. */
const highlightDistance = 28

/** Draws a chart and lets the reader point at it, select a range by dragging and reset it by double-click. */
export function ChartCanvas({ model, size, theme, label, onZoom }: ChartCanvasProps): ReactNode {
  const id = useId()
  const base = useRef<HTMLCanvasElement>(null)
  const overlay = useRef<HTMLCanvasElement>(null)
  const [pointer, setPointer] = useState<Pointer | null>(null)
  const [drag, setDrag] = useState<Range | null>(null)
  const listed = useStore(highlightedRun, (run) => run)
  const highlight = pointer === null ? listed : pointer.highlight
  const cursorX = useStore(sharedCursor, (cursor) => (cursor?.axis === model.axisLabel ? cursor.x : null))

  useEffect(() => {
    if (base.current !== null) drawChart(base.current, { model, size, theme, highlight })
  }, [model, size, theme, highlight])

  useEffect(() => {
    if (overlay.current === null) return
    const selection = drag === null ? null : { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) }
    drawOverlay(overlay.current, { model, size, theme, cursorX, hover: pointer?.hover ?? null, selection })
  }, [model, size, theme, cursorX, pointer, drag])

  useEffect(() => {
    return () => {
      if (sharedCursor.get()?.source === id) sharedCursor.set(null)
    }
  }, [id])

  const area = plotArea(size)
  const xAt = (px: number): number => valueAt(model.x, Math.min(1, Math.max(0, (px - area.left) / area.width)))

  const leave = (): void => {
    setPointer(null)
    sharedCursor.set(null)
  }

  const hoverUnder = (px: number, py: number): Pick<Pointer, 'hover' | 'highlight'> | null => {
    const height = 1 - (py - area.top) / area.height
    const hover = hoverAt(model, xAt(px), height)
    if (hover === null) return null
    const distance = Math.abs(place(model.y, visibleY(hover.nearest)) - height) * area.height
    const isNear = distance <= highlightDistance && model.lines.length > 1
    return { hover, highlight: isNear ? lineKey(hover.nearest.line) : null }
  }

  const pointAt = (event: PointerEvent<HTMLCanvasElement>): void => {
    const { clientX, clientY } = event
    const { left, top } = event.currentTarget.getBoundingClientRect()
    const px = clientX - left
    if (drag !== null) setDrag({ ...drag, to: Math.min(area.left + area.width, Math.max(area.left, px)) })
    if (px < area.left - 4 || px > area.left + area.width + 4) {
      leave()
      return
    }
    sharedCursor.set({ axis: model.axisLabel, x: xAt(px), source: id })
    const under = hoverUnder(px, clientY - top)
    setPointer(under === null ? null : { clientX, clientY, ...under })
  }

  const startDrag = (event: PointerEvent<HTMLCanvasElement>): void => {
    if (event.button !== 0 || event.pointerType === 'touch') return
    const px = event.clientX - event.currentTarget.getBoundingClientRect().left
    if (px < area.left || px > area.left + area.width) return
    event.currentTarget.setPointerCapture(event.pointerId)
    setDrag({ from: px, to: px })
  }

  const toPixel = (range: Range): Range => roundTo(range, (model.x.to - model.x.from) / area.width / 10)

  const endDrag = (): void => {
    setDrag(null)
    if (drag === null || Math.abs(drag.to - drag.from) < shortestDrag) return
    const [from, to] = [xAt(Math.min(drag.from, drag.to)), xAt(Math.max(drag.from, drag.to))]
    if (from < to) onZoom(toPixel({ from, to }))
  }

  const zoomByKey = (event: KeyboardEvent): void => {
    const extent = model.x.to - model.x.from
    const by = (from: number, to: number): void => {
      event.preventDefault()
      onZoom({ from: model.x.from + extent * from, to: model.x.to + extent * to })
    }
    if (event.key === '+' || event.key === '=') by(0.25, -0.25)
    if (event.key === '-') by(-0.5, 0.5)
    if (event.key === 'ArrowLeft') by(-0.25, -0.25)
    if (event.key === 'ArrowRight') by(0.25, 0.25)
    if (event.key === '0' || event.key === 'Escape') onZoom(null)
  }

  return (
    <div className={styles.canvases} style={{ height: size.height }}>
      <canvas ref={base} className={styles.canvas} />
      <canvas
        ref={overlay}
        className={styles.canvas}
        role="img"
        aria-label={label}
        tabIndex={0}
        data-testid="chart-canvas"
        data-highlight={highlight ?? ''}
        onPointerMove={pointAt}
        onPointerLeave={leave}
        onPointerDown={startDrag}
        onPointerUp={endDrag}
        onPointerCancel={() => setDrag(null)}
        onDoubleClick={() => onZoom(null)}
        onKeyDown={zoomByKey}
      />
      {pointer !== null && drag === null && (
        <ChartTooltip {...pointer} isBytes={model.isBytes} sameX={((model.x.to - model.x.from) / area.width) * 1.5} />
      )}
    </div>
  )
}
