'use client'
import type { XAxis } from '@kiroku/core/axes'
import type { SeriesAnswer } from '@kiroku/core/series'
import { type ReactNode, useMemo, useRef, useState } from 'react'
import { ChartCanvas } from './chart-canvas.tsx'
import { type ChartModel, prepareChart, type RunLook } from './prepare-chart.ts'
import type { Range } from './scale.ts'
import { useChartTheme } from './theme.ts'
import { useElementSize } from './use-element-size.ts'

export type WholeChartProps = {
  chart: { answer: SeriesAnswer; looks: readonly RunLook[]; axis: XAxis; leftOut?: number }
  label: string
  className: string | undefined
  testId?: string
  /** What comes below the drawing. */
  children: (model: ChartModel) => ReactNode
}

/** Lines all of whose points are at hand, so that zooming asks nobody. */
export function WholeChart({ chart, label, className, testId, children }: WholeChartProps): ReactNode {
  const body = useRef<HTMLDivElement>(null)
  const size = useElementSize(body)
  const theme = useChartTheme()
  const [range, setRange] = useState<Range | null>(null)
  const model = useMemo(() => {
    const { axis, ...lines } = chart
    return prepareChart({ ...lines, range, smoothing: 0, yKind: 'linear', fallbackAxis: axis })
  }, [chart, range])
  return (
    <>
      <div className={className} ref={body} data-testid={testId} data-lines={model.lines.length}>
        {size !== null && theme !== null && (
          <ChartCanvas model={model} size={size} theme={theme} label={label} onZoom={setRange} />
        )}
      </div>
      {children(model)}
    </>
  )
}
