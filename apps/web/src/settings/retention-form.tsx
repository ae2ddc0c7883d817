'use client'
import { keepTag, type ProjectPath } from '@kiroku/core/projects'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useTRPC } from '../api/trpc.ts'
import { Button, classes } from '../ui/button.tsx'
import { describeForecast, parseDays } from './retention.ts'
import styles from './settings.module.css'

export type RetentionFormProps = { path: ProjectPath; days: number | null; onSave: (days: number | null) => void }

const suggestedDays = 90

/** For how long a project keeps runs. What a choice would delete is told before it is made. */
export function RetentionForm({ path, days, onSave }: RetentionFormProps): ReactNode {
  const trpc = useTRPC()
  const [isLimited, setIsLimited] = useState(days !== null)
  const [text, setText] = useState(String(days ?? suggestedDays))
  const asked = parseDays(text)
  const chosen = isLimited ? asked : null
  const isWrong = isLimited && asked === null
  const forecast = useQuery(
    trpc.projects.expiring.queryOptions(
      { ...path, retentionDays: asked ?? 1 },
      { enabled: isLimited && asked !== null, placeholderData: keepPreviousData },
    ),
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!isWrong) onSave(chosen)
  }
  const told = forecast.data && describeForecast(forecast.data)
  return (
    <form onSubmit={submit} data-testid="retention">
      <label className={styles.choice}>
        <input type="radio" name="retention" checked={!isLimited} onChange={() => setIsLimited(false)} />
        Keep runs for ever
      </label>
      <div className={styles.choice}>
        <label className={styles.choice}>
          <input type="radio" name="retention" checked={isLimited} onChange={() => setIsLimited(true)} />
          Delete runs
        </label>
        <input
          type="number"
          aria-label="Days after a run ended"
          min={1}
          max={36_500}
          value={text}
          aria-invalid={isWrong}
          onFocus={() => setIsLimited(true)}
          onChange={(event) => setText(event.target.value)}
        />
        days after they ended
      </div>
      <p
        className={classes(styles.forecast)}
        aria-live="polite"
        data-testid="forecast"
        data-grave={(isLimited && (forecast.data?.now ?? 0) > 0) || undefined}
      >
        {isWrong && 'Whole days from 1 to 36 500.'}
        {isLimited && !isWrong && told && (
          <>
            <strong>{told.atOnce}</strong>
            {told.later}
          </>
        )}
      </p>
      <Button type="submit" look="primary" disabled={isWrong || chosen === days}>
        Save
      </Button>
      <p className={styles.hint}>
        A run with the tag <code>{keepTag}</code> is never deleted for its age, nor is one that still runs. Days count
        from a run’s end, or from when it came to this server if that was later. What is deleted can be restored for a
        day.
      </p>
    </form>
  )
}
