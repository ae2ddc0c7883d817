import type { ReactNode } from 'react'
import styles from './artifacts.module.css'

/** The names that a version has at present. */
export function Aliases({ aliases }: { aliases: readonly string[] }): ReactNode {
  return aliases.map((alias) => (
    <span key={alias} className={styles.alias} data-testid="alias" title={alias}>
      {alias}
    </span>
  ))
}
