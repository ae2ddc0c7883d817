import { type ChartTheme, drawLines, type Frame, type PlotArea, toX, toY } from './draw-lines.ts'
import { type Hover, type HoverRow, visibleY } from './hover.ts'
import type { ChartModel } from './prepare-chart.ts'
import type { Range } from './scale.ts'
import { xTicks, yTicks } from './ticks.ts'

/** The canvas in CSS pixels. */
export type ChartSize = { width: number; height: number }

const gutter = { left: 46, right: 10, top: 8, bottom: 22 }
const fontSize = 11

/** Where the plot lies on a canvas of this size. */
export function plotArea({ width, height }: ChartSize): PlotArea {
  return {
    left: gutter.left,
    top: gutter.top,
    width: Math.max(1, width - gutter.left - gutter.right),
    height: Math.max(1, height - gutter.top - gutter.bottom),
  }
}

function drawAxes(frame: Frame, size: ChartSize): void {
  const { context, model, area, theme } = frame
  context.font = `${fontSize}px ${theme.font}`
  context.fillStyle = theme.text
  context.strokeStyle = theme.grid
  context.lineWidth = 1
  context.textBaseline = 'middle'
  context.textAlign = 'right'
  for (const { value, label } of yTicks(
    model.y,
    Math.min(4, Math.max(2, Math.floor(area.height / 44))),
    model.isBytes,
  )) {
    const y = Math.round(toY(frame, value)) + 0.5
    context.beginPath()
    context.moveTo(area.left, y)
    context.lineTo(area.left + area.width, y)
    context.stroke()
    context.fillText(label, area.left - 6, y)
  }
  context.textBaseline = 'alphabetic'
  const baseline = size.height - 6
  const titleStart = area.left + area.width - context.measureText(model.axisLabel).width
  context.fillText(model.axisLabel, area.left + area.width, baseline)
  context.textAlign = 'center'
  const room = model.axis.kind === 'time' || model.axis.kind === 'relative' ? 84 : 56
  let lastEnd = Number.NEGATIVE_INFINITY
  for (const { value, label } of xTicks(model.axis, model.x, Math.max(2, Math.min(8, Math.floor(area.width / room))))) {
    const half = context.measureText(label).width / 2
    const x = Math.max(area.left + half, toX(frame, value))
    if (x + half + 12 > titleStart || x - half < lastEnd + 8) continue
    context.fillText(label, x, baseline)
    lastEnd = x + half
  }
}

function begin(canvas: HTMLCanvasElement, size: ChartSize): CanvasRenderingContext2D | null {
  const ratio = canvas.ownerDocument.defaultView?.devicePixelRatio ?? 1
  const width = Math.round(size.width * ratio)
  const height = Math.round(size.height * ratio)
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext('2d')
  context?.setTransform(ratio, 0, 0, ratio, 0, 0)
  context?.clearRect(0, 0, size.width, size.height)
  return context
}

export type DrawOptions = { model: ChartModel; size: ChartSize; theme: ChartTheme }

/** Draws axes and lines. With a `highlight` that run's line comes last and thick, the others at a quarter. */
export function drawChart(canvas: HTMLCanvasElement, options: DrawOptions & { highlight: string | null }): void {
  const context = begin(canvas, options.size)
  if (context === null) return
  const frame = { context, model: options.model, area: plotArea(options.size), theme: options.theme }
  drawAxes(frame, options.size)
  context.save()
  context.beginPath()
  // A dot at the plot's edge is whole, but a line that comes in from there begins at the edge.
  const slack = options.model.lines.some((line) => line.edges !== null) ? 1 : 4
  context.rect(frame.area.left - slack, frame.area.top - 4, frame.area.width + 2 * slack, frame.area.height + 8)
  context.clip()
  context.lineJoin = 'bevel'
  drawLines(frame, options.highlight)
  context.restore()
}

function drawHoverDot(frame: Frame, row: HoverRow, isNearest: boolean): void {
  const { context, theme } = frame
  const y = toY(frame, visibleY(row))
  if (!Number.isFinite(y)) return
  context.fillStyle = row.line.color
  context.strokeStyle = theme.background
  context.lineWidth = 1.5
  context.beginPath()
  context.arc(toX(frame, row.x), y, isNearest ? 4 : 2.5, 0, 2 * Math.PI)
  context.fill()
  context.stroke()
}

/** Draws what follows the pointer: the cursor's line, the points under it and the range being selected. */
export function drawOverlay(
  canvas: HTMLCanvasElement,
  options: DrawOptions & { cursorX: number | null; hover: Hover | null; selection: Range | null },
): void {
  const context = begin(canvas, options.size)
  if (context === null) return
  const frame = { context, model: options.model, area: plotArea(options.size), theme: options.theme }
  const { area, theme } = frame
  if (options.selection !== null) {
    context.fillStyle = theme.selection
    context.fillRect(options.selection.from, area.top, options.selection.to - options.selection.from, area.height)
  }
  const at = options.cursorX === null ? Number.NaN : toX(frame, options.cursorX)
  if (at >= area.left && at <= area.left + area.width) {
    context.strokeStyle = theme.cursor
    context.lineWidth = 1
    context.beginPath()
    context.moveTo(Math.round(at) + 0.5, area.top)
    context.lineTo(Math.round(at) + 0.5, area.top + area.height)
    context.stroke()
  }
  const { hover } = options
  for (const row of hover?.rows ?? []) drawHoverDot(frame, row, row === hover?.nearest)
}
