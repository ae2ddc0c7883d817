'use client'
import { Pencil } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { classes } from './button.tsx'
import styles from './inline-edit.module.css'

export type InlineEditProps = {
  value: string
  label: string
  /** What stands there while the value is empty. */
  placeholder?: string
  isMultiline?: boolean
  isRequired?: boolean
  className?: string | undefined
  onSave: (value: string) => void
}

/** A text that is edited where it stands. Enter or leaving the field keeps the change, Escape drops it. */
export function InlineEdit(props: InlineEditProps): ReactNode {
  const { value, label, placeholder, isMultiline = false, isRequired = false, className, onSave } = props
  const [draft, setDraft] = useState<string | null>(null)
  const save = (): void => {
    const text = draft?.trim() ?? value
    setDraft(null)
    if (text !== value && !(isRequired && text === '')) onSave(text)
  }
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') setDraft(null)
    if (event.key === 'Enter' && (!isMultiline || event.ctrlKey || event.metaKey)) save()
  }
  if (draft === null)
    return (
      <button
        type="button"
        className={classes(styles.text, isMultiline && styles.multiline, className)}
        aria-label={`${label}: ${value === '' ? 'none' : value}. Edit`}
        onClick={() => setDraft(value)}
      >
        {value === '' ? <span className={styles.placeholder}>{placeholder}</span> : value}
        <Pencil size={12} className={styles.pencil} />
      </button>
    )
  const field = {
    value: draft,
    'aria-label': label,
    onBlur: save,
    onKeyDown: press,
    className: classes(styles.field, className),
    autoFocus: true,
  }
  return isMultiline ? (
    <textarea {...field} rows={4} onChange={(event) => setDraft(event.target.value)} />
  ) : (
    <input {...field} onChange={(event) => setDraft(event.target.value)} />
  )
}
