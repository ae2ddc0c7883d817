'use client'
import { type Measure, measureSchema } from '@kiroku/core/measures'
import type { MetricInfo } from '@kiroku/core/queries'
import { Sigma } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Button } from '../ui/button.tsx'
import styles from '../ui/menu-form.module.css'
import { Modal } from '../ui/modal.tsx'
import { measureLabel } from './measure-columns.ts'

export type MeasureMenuProps = { metrics: readonly MetricInfo[]; onAdd: (measure: Measure) => void }

const kinds = [
  { kind: 'highest', label: 'Highest value' },
  { kind: 'lowest', label: 'Lowest value' },
  { kind: 'atLeast', label: 'Steps until at or above' },
  { kind: 'atMost', label: 'Steps until at or below' },
  { kind: 'last', label: 'Mean of the last points' },
] as const
type Kind = (typeof kinds)[number]['kind']

function measureOf(kind: Kind, metric: string, text: string): Measure | null {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  const said =
    kind === 'highest' || kind === 'lowest'
      ? { kind: 'best', metric, goal: kind === 'highest' ? 'max' : 'min' }
      : kind === 'last'
        ? { kind, metric, count: number }
        : { kind: 'target', metric, direction: kind, target: number }
  return measureSchema.safeParse(said).data ?? null
}

/** Adds a column that is measured from all that runs logged: a best value, steps to a target, a mean of the last points. */
export function MeasureMenu({ metrics, onAdd }: MeasureMenuProps): ReactNode {
  const [isOpen, setIsOpen] = useState(false)
  const names = metrics
    .filter(({ stream, isStepMetric }) => stream === 'history' && !isStepMetric)
    .map(({ name }) => name)
  const [kind, setKind] = useState<Kind>('highest')
  const [chosen, setMetric] = useState<string | null>(null)
  const [number, setNumber] = useState('')
  const metric = chosen ?? names[0] ?? ''
  const measure = measureOf(kind, metric, number)
  const isNumbered = kind !== 'highest' && kind !== 'lowest'
  const add = (event: FormEvent): void => {
    event.preventDefault()
    if (measure === null) return
    onAdd(measure)
    setIsOpen(false)
  }
  return (
    <>
      <Button look="plain" data-testid="add-measure" onClick={() => setIsOpen(true)}>
        <Sigma size={14} /> Add measure
      </Button>
      <Modal isOpen={isOpen} onClose={() => setIsOpen(false)} title="Add a measured column">
        <form className={styles.form} onSubmit={add}>
          <label className={styles.field}>
            <span>Measure</span>
            <select
              name="kind"
              value={kind}
              onChange={(event) => setKind(kinds.find((one) => one.kind === event.target.value)?.kind ?? 'highest')}
            >
              {kinds.map((one) => (
                <option key={one.kind} value={one.kind}>
                  {one.label}
                </option>
              ))}
            </select>
          </label>
          <label className={styles.field}>
            <span>Metric</span>
            <select name="metric" value={metric} onChange={(event) => setMetric(event.target.value)}>
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          {isNumbered && (
            <label className={styles.field}>
              <span>{kind === 'last' ? 'Points, 1 to 10 000' : 'Value'}</span>
              <input
                name="number"
                inputMode="decimal"
                value={number}
                onChange={(event) => setNumber(event.target.value)}
              />
            </label>
          )}
          <div className={styles.foot}>
            <span className={styles.said}>{measure === null ? '' : measureLabel(measure)}</span>
            <Button look="primary" type="submit" disabled={measure === null}>
              Add column
            </Button>
          </div>
        </form>
      </Modal>
    </>
  )
}
