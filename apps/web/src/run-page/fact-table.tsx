'use client'
import type { Value } from '@kiroku/core/values'
import { type ReactNode, useState } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'
import { shortValueText, valueText } from '../ui/number-value.tsx'
import { useView } from '../workspace/view-context.tsx'
import type { Fact } from './facts.ts'
import styles from './run-page.module.css'

/** From this many lines on a table has a field to find them by. */
const searchableFrom = 13

/** The values of a config or summary as lines of an overview, by name. */
export function valueFacts(values: Readonly<Record<string, Value>>): Fact[] {
  const collator = new Intl.Collator('en', { numeric: true })
  return Object.entries(values)
    .toSorted(([one], [other]) => collator.compare(one, other))
    .map(([name, value]) => ({ name, text: shortValueText(value), exact: valueText(value) }))
}

/** A part of a run's overview. The exact value is on hover, and copied by a click. */
export function FactTable({ title, facts }: { title: string; facts: readonly Fact[] }): ReactNode {
  const [search, setSearch] = useState('')
  if (facts.length === 0) return null
  const wanted = search.trim().toLowerCase()
  const shown = facts.filter(({ name, text }) => `${name} ${text}`.toLowerCase().includes(wanted))
  return (
    <section className={styles.facts} aria-label={title} data-testid={`facts-${title.toLowerCase()}`}>
      <div className={styles.factsHead}>
        <h2>
          {title} <span>{facts.length > 6 ? facts.length : ''}</span>
        </h2>
        {facts.length >= searchableFrom && (
          <input
            type="search"
            placeholder="Find"
            aria-label={`Find in ${title}`}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        )}
      </div>
      <dl>
        {shown.map((fact) => (
          <div key={`${fact.name} ${fact.file ?? ''}`} className={styles.fact}>
            <dt title={fact.name}>{fact.name}</dt>
            <dd>
              <FactText fact={fact} />
              <CopyButton text={fact.exact} label={`Copy ${fact.name}`} className={styles.copy} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function FactText({ fact: { text, exact, file, href } }: { fact: Fact }): ReactNode {
  const { change } = useView()
  if (file !== undefined)
    return (
      <button type="button" className={styles.link} title={exact} onClick={() => change({ tab: 'files', file })}>
        {text}
      </button>
    )
  if (href !== undefined)
    return (
      <a className={styles.link} href={href} title={exact} target="_blank" rel="noreferrer">
        {text}
      </a>
    )
  return <span title={exact}>{text}</span>
}
