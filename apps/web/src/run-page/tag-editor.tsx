'use client'
import { Plus, X } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import styles from './run-page.module.css'

export type TagEditorProps = { tags: readonly string[]; onChange: (tags: string[]) => void }

/** A run's tags, added and taken away where they stand. */
export function TagEditor({ tags, onChange }: TagEditorProps): ReactNode {
  const [draft, setDraft] = useState<string | null>(null)
  const add = (): void => {
    const tag = draft?.trim() ?? ''
    setDraft(null)
    if (tag !== '' && !tags.includes(tag)) onChange([...tags, tag])
  }
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') add()
    if (event.key === 'Escape') setDraft(null)
  }
  return (
    <span className={styles.tags}>
      {tags.map((tag) => (
        <span key={tag} className={styles.tag}>
          <span className={styles.tagName} title={tag}>
            {tag}
          </span>
          <button
            type="button"
            aria-label={`Take away the tag ${tag}`}
            onClick={() => onChange(tags.filter((other) => other !== tag))}
          >
            <X size={11} />
          </button>
        </span>
      ))}
      {draft === null ? (
        <button type="button" className={styles.addTag} onClick={() => setDraft('')}>
          <Plus size={11} /> tag
        </button>
      ) : (
        <input
          className={styles.tagField}
          aria-label="New tag"
          maxLength={64}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={add}
          onKeyDown={press}
          // biome-ignore lint/a11y/noAutofocus: the reader has just asked for a new tag
          autoFocus
        />
      )}
    </span>
  )
}
