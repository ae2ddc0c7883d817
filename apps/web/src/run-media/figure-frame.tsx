'use client'
import { routes } from '@kiroku/core/routes'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import * as z from 'zod'
import { useChartTheme } from '../chart/theme.ts'
import { classes } from '../ui/button.tsx'
import { drawnFigure, type Figure, type FigureLook } from './figure.ts'
import styles from './media-files.module.css'

const saidSchema = z.object({ state: z.enum(['ready', 'drawn', 'failed']), message: z.string().optional() })

/** A frame that has not said a word after so long does not come. */
const frameTimeoutMs = 30_000

/** Draws a Plotly figure in a frame of its own origin, which has neither the page's session nor the network. */
export function FigureFrame({ figure, name, isLarge }: { figure: Figure; name: string; isLarge?: boolean }): ReactNode {
  const frame = useRef<HTMLIFrameElement>(null)
  const theme = useChartTheme()
  const [isReady, setIsReady] = useState(false)
  const [state, setState] = useState<'waiting' | 'drawn' | 'failed'>('waiting')
  const [message, setMessage] = useState('')
  const drawn = useMemo(() => (theme === null ? null : drawnFigure(figure, lookOf())), [figure, theme])

  useEffect(() => {
    const hear = (event: MessageEvent<unknown>): void => {
      if (event.source === null || event.source !== frame.current?.contentWindow) return
      const said = saidSchema.safeParse(event.data).data
      if (said?.state === 'ready') setIsReady(true)
      if (said?.state === 'drawn') setState('drawn')
      if (said?.state === 'failed') {
        setState('failed')
        setMessage(said.message ?? '')
      }
    }
    window.addEventListener('message', hear)
    return () => window.removeEventListener('message', hear)
  }, [])

  useEffect(() => {
    if (isReady) return
    const timer = setTimeout(() => {
      setState('failed')
      setMessage('Its frame did not come: the browser or a proxy keeps it from loading.')
    }, frameTimeoutMs)
    return () => clearTimeout(timer)
  }, [isReady])

  useEffect(() => {
    // The frame's origin is none, so that no other can be named here; what is posted is what the frame is to show.
    if (isReady && drawn !== null) frame.current?.contentWindow?.postMessage(drawn, '*')
  }, [isReady, drawn])

  return (
    <div className={classes(styles.figure, isLarge && styles.large)} data-testid="plotly" data-state={state}>
      {state === 'failed' && (
        <p className={styles.problem} role="alert">
          Plotly cannot draw the figure. {message}
        </p>
      )}
      {state === 'waiting' && <p className={styles.waiting}>Plotly is being loaded.</p>}
      <iframe
        ref={frame}
        src={routes.figureFrame}
        sandbox="allow-scripts"
        title={name}
        className={classes(state !== 'drawn' && styles.unseen)}
      />
    </div>
  )
}

function lookOf(): FigureLook {
  const root = getComputedStyle(document.documentElement)
  return {
    scheme: document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light',
    text: plainColor(root.getPropertyValue('--text-soft')),
    line: plainColor(root.getPropertyValue('--line')),
    font: 'system-ui, sans-serif',
  }
}

/** A colour as red, green and blue: Plotly knows no OKLCH. */
function plainColor(color: string): string {
  const canvas = document.createElement('canvas')
  canvas.width = 1
  canvas.height = 1
  const context = canvas.getContext('2d')
  if (context === null) return '#888'
  context.fillStyle = color.trim()
  context.fillRect(0, 0, 1, 1)
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data
  return `rgb(${red}, ${green}, ${blue})`
}
