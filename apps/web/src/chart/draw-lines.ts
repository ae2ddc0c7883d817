import type { Envelope, Mark, Polyline } from './lines.ts'
import { type ChartLine, type ChartModel, lineKey } from './prepare-chart.ts'
import { place } from './scale.ts'

/** Colours and fonts of the theme, as a canvas wants them. */
export type ChartTheme = {
  text: string
  grid: string
  cursor: string
  selection: string
  background: string
  font: string
}

/** The plot inside the canvas, in CSS pixels. */
export type PlotArea = { left: number; top: number; width: number; height: number }

/** What drawing works with: where to, what, in which place and colours. */
export type Frame = { context: CanvasRenderingContext2D; model: ChartModel; area: PlotArea; theme: ChartTheme }

/** Where a value of x stands on the canvas, in CSS pixels. */
export const toX = ({ model, area }: Frame, x: number): number => area.left + place(model.x, x) * area.width

/** Where a value of y stands on the canvas, in CSS pixels; NaN for what the scale cannot show. */
export const toY = ({ model, area }: Frame, y: number): number => area.top + (1 - place(model.y, y)) * area.height

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

type Stroke = { isHighlighted: boolean; opacity: number }

const lineWidth = ({ isHighlighted }: Stroke): number => (isHighlighted ? 2.5 : 1.5)

function takeColor({ context }: Frame, { color }: ChartLine): void {
  context.strokeStyle = color
  context.fillStyle = color
}

/** What lies behind a line: its envelope, and the points that smoothing or bucketing averages. */
function drawBehind(frame: Frame, line: ChartLine, { opacity }: Stroke): void {
  const { context } = frame
  takeColor(frame, line)
  if (line.envelope !== null) {
    context.globalAlpha = 0.12 * opacity
    drawEnvelope(frame, line.envelope)
  }
  if (line.center === null) return
  context.globalAlpha = (line.isSmoothed ? rawUnderSmoothed : rawUnderMean) * opacity
  context.lineWidth = 1
  strokePolyline(frame, line.line, 1)
}

/** A line's marks and the line itself. */
function drawBefore(frame: Frame, line: ChartLine, stroke: Stroke): void {
  const { context } = frame
  const width = lineWidth(stroke)
  const dotRadius = width + 0.75
  takeColor(frame, line)
  context.globalAlpha = stroke.opacity
  context.lineWidth = width
  strokePolyline(frame, line.center ?? line.line, dotRadius)
  if (line.center === null && line.count <= frame.area.width / roomForDot) drawDots(frame, line.line, dotRadius)
  drawMarks(frame, line.marks)
}

/**
 * Draws the lines, the first of them on top, and what is behind lines below all of them. With a `highlight`, of a run or by its key, that
 * line comes last and thick, the others at a quarter of their strength.
 */
export function drawLines(frame: Frame, highlight: string | null): void {
  const isHighlighted = (line: ChartLine): boolean => line.run === highlight || lineKey(line) === highlight
  const highlighted = frame.model.lines.filter(isHighlighted)
  const others = frame.model.lines.filter((line) => !isHighlighted(line)).toReversed()
  const quiet = { isHighlighted: false, opacity: highlighted.length > 0 ? 0.25 : 1 }
  const loud = { isHighlighted: true, opacity: 1 }
  for (const line of others) drawBehind(frame, line, quiet)
  for (const line of others) drawBefore(frame, line, quiet)
  for (const line of highlighted) drawBehind(frame, line, loud)
  for (const line of highlighted) drawBefore(frame, line, loud)
  frame.context.globalAlpha = 1
}
