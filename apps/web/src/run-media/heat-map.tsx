'use client'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useChartTheme } from '../chart/theme.ts'
import { useElementSize } from '../chart/use-element-size.ts'
import { formatCount, formatNumber } from '../format/numbers.ts'
import own from './histogram.module.css'
import { sharesOf } from './histograms.ts'
import styles from './media-page.module.css'
import type { StepHistogram } from './use-media.ts'

export type HeatMapProps = {
  all: readonly StepHistogram[]
  range: { from: number; to: number }
  step: number
  color: string
  onStep: (step: number) => void
}

const rows = 48

/** How values were spread over the steps: a column a step, the fuller the darker. A click goes to that step. */
export function HeatMap({ all, range, step, color, onStep }: HeatMapProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useElementSize(place)
  const theme = useChartTheme()
  const [pointed, setPointed] = useState<number | null>(null)

  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (context == null || canvas.current === null || size === null || theme === null) return
    const scale = window.devicePixelRatio
    const [width, height] = [Math.round(size.width * scale), Math.round(size.height * scale)]
    canvas.current.width = width
    canvas.current.height = height
    context.clearRect(0, 0, width, height)
    const columns = all.map(({ histogram }) => sharesOf(histogram, range, rows))
    const fullest = Math.max(...columns.flatMap((column) => [...column]))
    if (!(fullest > 0)) return
    context.fillStyle = color
    for (const [index, column] of columns.entries()) {
      const [left, right] = [(index * width) / all.length, ((index + 1) * width) / all.length].map(Math.round)
      for (let row = 0; row < rows; row++) {
        const share = column[row] ?? 0
        if (share === 0 || left === undefined || right === undefined) continue
        // The root keeps the thin tails visible beside a tall middle.
        context.globalAlpha = Math.sqrt(share / fullest)
        const bottom = Math.round(height - (row * height) / rows)
        const top = Math.round(height - ((row + 1) * height) / rows)
        context.fillRect(left, top, right - left, bottom - top)
      }
    }
    context.globalAlpha = 1
    const at = all.findIndex((one) => one.step === step)
    if (at < 0) return
    context.strokeStyle = theme.text
    context.lineWidth = scale
    const left = Math.round((at * width) / all.length)
    context.strokeRect(left + 0.5, 0.5, Math.max(2, Math.round(width / all.length) - 1), height - 1)
  }, [all, range, step, color, size, theme])

  const indexAt = (clientX: number, { left, width }: { left: number; width: number }): number =>
    Math.min(all.length - 1, Math.max(0, Math.floor(((clientX - left) / width) * all.length)))
  const under = pointed === null ? undefined : all[pointed]
  return (
    <>
      <div className={own.map} ref={place}>
        <span className={own.mapTop}>{formatNumber(range.to)}</span>
        <span className={own.mapBottom}>{formatNumber(range.from)}</span>
        <canvas
          ref={canvas}
          role="img"
          aria-label="Histograms over steps"
          data-testid="heat-map"
          data-steps={all.length}
          onPointerMove={(event) => setPointed(indexAt(event.clientX, event.currentTarget.getBoundingClientRect()))}
          onPointerLeave={() => setPointed(null)}
          onClick={(event) => {
            const one = all[indexAt(event.clientX, event.currentTarget.getBoundingClientRect())]
            if (one !== undefined) onStep(one.step)
          }}
        />
      </div>
      <div className={styles.axis}>
        <span>{formatCount(all[0]?.step ?? 0)}</span>
        <span>{under === undefined ? '_step' : `step ${formatCount(under.step)}`}</span>
        <span>{formatCount(all.at(-1)?.step ?? 0)}</span>
      </div>
    </>
  )
}
