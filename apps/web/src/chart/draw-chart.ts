import type { Hover, HoverRow } from './hover.ts'
import type { Envelope, Mark, Polyline } from './lines.ts'
import type { ChartLine, ChartModel } from './prepare-chart.ts'
import { place, type Range } from './scale.ts'
import { xTicks, yTicks } from './ticks.ts'

/** Colours and fonts of the theme, as a canvas wants them. */
export type ChartTheme = {
  text: string
  grid: string
  cursor: string
  selection: string
  background: string
  font: string
}

/** The canvas in CSS pixels. */
export type ChartSize = { width: number; height: number }

/** The plot inside the canvas, in CSS pixels. */
export type PlotArea = { left: number; top: number; width: number; height: number }

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

type Frame = { context: CanvasRenderingContext2D; model: ChartModel; area: PlotArea; theme: ChartTheme }

const toX = ({ model, area }: Frame, x: number): number => area.left + place(model.x, x) * area.width
const toY = ({ model, area }: Frame, y: number): number => area.top + (1 - place(model.y, y)) * area.height

function drawAxes(frame: Frame, size: ChartSize): void {
  const { context, model, area, theme } = frame
  context.font = `${fontSize}px ${theme.font}`
  context.fillStyle = theme.text
  context.strokeStyle = theme.grid
  context.lineWidth = 1
  context.textBaseline = 'middle'
  context.textAlign = 'right'
  for (const { value, label } of yTicks(model.y, Math.min(4, Math.max(2, Math.floor(area.height / 44))))) {
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
  for (const { value, label } of xTicks(model.axis, model.x, Math.max(2, Math.min(6, Math.floor(area.width / 84))))) {
    const half = context.measureText(label).width / 2
    const x = Math.max(area.left + half, toX(frame, value))
    if (x + half + 12 <= titleStart) context.fillText(label, x, baseline)
  }
}

function drawEnvelope(frame: Frame, envelope: Envelope): void {
  const { context } = frame
  const fill = (from: number, to: number): void => {
    context.beginPath()
    for (let index = from; index < to; index++)
      context.lineTo(toX(frame, envelope.x[index] ?? 0), toY(frame, envelope.high[index] ?? 0))
    for (let index = to - 1; index >= from; index--)
      context.lineTo(toX(frame, envelope.x[index] ?? 0), toY(frame, envelope.low[index] ?? 0))
    context.fill()
  }
  let start = 0
  for (let index = 0; index <= envelope.x.length; index++) {
    if (index < envelope.x.length && Number.isFinite(toY(frame, envelope.low[index] ?? Number.NaN))) continue
    if (index > start) fill(start, index)
    start = index + 1
  }
}

/** Strokes a polyline; a point between two gaps, which no stroke would show, becomes a dot. */
function strokePolyline(frame: Frame, { x, y }: Polyline, dotRadius: number): void {
  const { context } = frame
  context.beginPath()
  let length = 0
  let lastX = 0
  let lastY = 0
  const dots: [number, number][] = []
  for (let index = 0; index < x.length; index++) {
    const py = toY(frame, y[index] ?? Number.NaN)
    if (!Number.isFinite(py)) {
      if (length === 1) dots.push([lastX, lastY])
      length = 0
      continue
    }
    const px = toX(frame, x[index] ?? 0)
    if (length === 0) context.moveTo(px, py)
    else context.lineTo(px, py)
    length++
    lastX = px
    lastY = py
  }
  if (length === 1) dots.push([lastX, lastY])
  context.stroke()
  for (const [px, py] of dots) drawDot(context, px, py, dotRadius)
}

function drawDot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}

/** Points of a line are dots too where each has this much room, in CSS pixels. */
const roomForDot = 20

function drawDots(frame: Frame, { x, y }: Polyline, radius: number): void {
  for (let index = 0; index < x.length; index++) {
    const py = toY(frame, y[index] ?? Number.NaN)
    if (Number.isFinite(py)) drawDot(frame.context, toX(frame, x[index] ?? 0), py, radius)
  }
}

const markSize = 3.5

function drawMarks(frame: Frame, marks: readonly Mark[]): void {
  const { context, area } = frame
  context.lineWidth = 1.5
  const drawn = new Set<string>()
  for (const mark of marks) {
    const x = toX(frame, mark.x)
    const pixel = `${mark.kind}${Math.round(x)}`
    if (x < area.left - 1 || x > area.left + area.width + 1 || drawn.has(pixel)) continue
    drawn.add(pixel)
    if (mark.kind === 'nan') drawCross(frame, x, toY(frame, mark.y))
    else drawTriangle(frame, x, mark.kind === 'positive-infinity')
  }
}

function drawCross({ context, area }: Frame, x: number, height: number): void {
  const y = Number.isFinite(height) ? height : area.top + area.height - markSize
  context.beginPath()
  context.moveTo(x - markSize, y - markSize)
  context.lineTo(x + markSize, y + markSize)
  context.moveTo(x - markSize, y + markSize)
  context.lineTo(x + markSize, y - markSize)
  context.stroke()
}

function drawTriangle({ context, area }: Frame, x: number, isUp: boolean): void {
  const tip = isUp ? area.top : area.top + area.height
  const base = isUp ? tip + 2 * markSize : tip - 2 * markSize
  context.beginPath()
  context.moveTo(x, tip)
  context.lineTo(x + markSize, base)
  context.lineTo(x - markSize, base)
  context.fill()
}

/** How strong the line of first, lowest, highest and last points is behind the line of means. */
const rawUnderMean = 0.4
const rawUnderSmoothed = 0.2

function drawLine(
  frame: Frame,
  line: ChartLine,
  { isHighlighted, opacity }: { isHighlighted: boolean; opacity: number },
): void {
  const { context } = frame
  context.strokeStyle = line.color
  context.fillStyle = line.color
  const width = isHighlighted ? 2.5 : 1.5
  if (line.envelope !== null) {
    context.globalAlpha = 0.12 * opacity
    drawEnvelope(frame, line.envelope)
  }
  if (line.center === null) {
    context.globalAlpha = opacity
    context.lineWidth = width
    strokePolyline(frame, line.line, width)
    if (line.count <= frame.area.width / roomForDot) drawDots(frame, line.line, width + 0.75)
  } else {
    context.globalAlpha = (line.isSmoothed ? rawUnderSmoothed : rawUnderMean) * opacity
    context.lineWidth = 1
    strokePolyline(frame, line.line, 1)
    context.globalAlpha = opacity
    context.lineWidth = width
    strokePolyline(frame, line.center, width)
  }
  drawMarks(frame, line.marks)
  context.globalAlpha = 1
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
  context.rect(frame.area.left - 1, frame.area.top - 4, frame.area.width + 4, frame.area.height + 8)
  context.clip()
  context.lineJoin = 'bevel'
  const highlighted = options.model.lines.find((line) => line.run === options.highlight)
  // The newest run comes first in the model and must lie on top.
  for (const line of options.model.lines.toReversed()) {
    if (line === highlighted) continue
    drawLine(frame, line, { isHighlighted: false, opacity: highlighted === undefined ? 1 : 0.25 })
  }
  if (highlighted !== undefined) drawLine(frame, highlighted, { isHighlighted: true, opacity: 1 })
  context.restore()
}

function drawHoverDot(frame: Frame, row: HoverRow, isNearest: boolean): void {
  const { context, theme } = frame
  const y = toY(frame, row.y)
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
