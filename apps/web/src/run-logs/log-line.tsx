'use client'
import { type CSSProperties, memo, type ReactNode } from 'react'
import { formatMoment } from '../format/times.ts'
import { classes } from '../ui/button.tsx'
import { markFound, paintOf, spansOf, type TextStyle } from './ansi.ts'
import styles from './log-page.module.css'
import type { LogLine } from './use-log.ts'

export type LogLineRowProps = { line: LogLine; search: string; isTimed: boolean; isLabelled: boolean }

const clock = (time: number): string =>
  `${formatMoment(time).slice(11)}.${String(Math.floor(time % 1000)).padStart(3, '0')}`

/** One printed line: its number, when it was begun, who printed it, and its text as a terminal shows it. */
export const LogLineRow = memo(function LogLineRow({ line, search, isTimed, isLabelled }: LogLineRowProps): ReactNode {
  const { stream, time, label, text } = line
  return (
    <>
      <span className={styles.number} title={`${formatMoment(time)}, ${stream}`}>
        {line.line + 1}
      </span>
      {isTimed && <time className={styles.time}>{clock(time)}</time>}
      {isLabelled && (
        <span className={styles.label} title={label ?? ''}>
          {label}
        </span>
      )}
      <span className={styles.text} data-text="">
        {markFound(spansOf(text), search).map(({ text: part, style, isFound }, index) => (
          <span key={index} className={classes(isFound && styles.found)} style={cssOf(style)}>
            {part}
          </span>
        ))}
      </span>
    </>
  )
})

function cssOf(style: TextStyle): CSSProperties | undefined {
  const { isBold, isDim, isItalic, isUnderlined, isStruck } = style
  const { front, back } = paintOf(style)
  const lines = [...(isUnderlined ? ['underline'] : []), ...(isStruck ? ['line-through'] : [])]
  return {
    ...(front === null ? {} : { color: front }),
    ...(back === null ? {} : { background: back }),
    ...(isBold ? { fontWeight: 600 } : {}),
    ...(isDim ? { opacity: 0.65 } : {}),
    ...(isItalic ? { fontStyle: 'italic' } : {}),
    ...(lines.length === 0 ? {} : { textDecoration: lines.join(' ') }),
  }
}
