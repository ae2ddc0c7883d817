import type { Sweep } from '@kiroku/core/sweeps/sweeps'
import type { WireValue } from '@kiroku/core/values'
import type { ReactNode } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'
import styles from './sweeps.module.css'

/** The config as it was given, in the form of YAML. */
export function SweepConfig({ sweep: { config } }: { sweep: Sweep }): ReactNode {
  const text = yamlOf(config)
  return (
    <section className={styles.panel} aria-label="Config">
      <h2>
        Config <CopyButton text={text} label="Copy the config" />
      </h2>
      <pre className={styles.code} data-testid="sweep-config">
        {text}
      </pre>
    </section>
  )
}

const isPlain = (value: WireValue): boolean => value === null || typeof value !== 'object'

/** A text that YAML reads as a text without quotes. */
const plainText = /^[A-Za-z_][\w./ -]*$/

function scalar(value: WireValue): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return plainText.test(value) && !/^(yes|no|on|off|true|false|null|y|n)$/i.test(value) && value.trim() === value
    ? value
    : JSON.stringify(value)
}

/** A value as YAML that a person reads; a list of plain values stays on one line. */
export function yamlOf(value: WireValue, indent = ''): string {
  if (value === null || typeof value !== 'object') return scalar(value)
  if (Array.isArray(value)) {
    if (value.every(isPlain)) return `[${value.map(scalar).join(', ')}]`
    return value.map((item) => `\n${indent}- ${yamlOf(item, `${indent}  `).trimStart()}`).join('')
  }
  const lines = Object.entries(value).map(([key, item]) => {
    const text = yamlOf(item, `${indent}  `)
    return `${indent}${scalar(key)}:${text.startsWith('\n') ? text : ` ${text}`}`
  })
  if (lines.length === 0) return '{}'
  return indent === '' ? lines.join('\n') : `\n${lines.join('\n')}`
}
