'use client'
import { useEffect, useRef } from 'react'

/** What a key, or two in a row such as `g w`, does. `mod+k` is Ctrl-K, and Command-K on a Mac. */
export type Hotkeys = Readonly<Record<string, (event: KeyboardEvent) => void>>

/** The second of two keys must follow within this time. */
const sequenceMs = 900

/** Fields that take no text. */
const wordless = ['range', 'checkbox', 'radio', 'button', 'submit', 'reset', 'color', 'file']

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !wordless.includes(target.type)
  return target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName)
}

function hasFloating(): boolean {
  return document.querySelector('[role="dialog"], [role="menu"]') !== null
}

/** Listens for keys while the component is there; not while the reader types or a dialog is open, but for `mod+` keys. */
export function useHotkeys(hotkeys: Hotkeys): void {
  const latest = useRef(hotkeys)
  latest.current = hotkeys
  useEffect(() => {
    let first: { key: string; time: number } | null = null
    const press = (event: KeyboardEvent): void => {
      const isMod = event.ctrlKey || event.metaKey
      if (event.altKey || event.defaultPrevented) return
      const single = isMod ? `mod+${event.key.toLowerCase()}` : event.key
      if (!isMod && (isTyping(event.target) || hasFloating())) return
      const isFollowing = first !== null && performance.now() - first.time < sequenceMs
      const sequence = isFollowing ? `${first?.key} ${single}` : single
      const action = latest.current[sequence] ?? latest.current[single]
      first = isMod || action !== undefined ? null : { key: single, time: performance.now() }
      if (action === undefined) return
      event.preventDefault()
      action(event)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
}

/** All shortcuts, for the help dialog. */
export const shortcuts: readonly { keys: string; does: string }[] = [
  { keys: 'Ctrl K', does: 'Jump to a project, run or page' },
  { keys: '/', does: 'Filter runs' },
  { keys: 'j  k', does: 'Next and previous run' },
  { keys: 'Enter', does: 'Open the run' },
  { keys: 'v', does: 'Show or hide the run, or all that are selected' },
  { keys: 'x', does: 'Select the run' },
  { keys: 'g w', does: 'Go to the workspace' },
  { keys: 'g r', does: 'Go to the runs table' },
  { keys: 'g e', does: 'Go to the sweeps' },
  { keys: 'g a', does: 'Go to the artifacts' },
  { keys: 'g s', does: 'Go to the project’s settings' },
  { keys: 'g q', does: 'Go to SQL' },
  { keys: 'Ctrl ↵', does: 'In SQL: run the query' },
  { keys: 'g p', does: 'Go to the projects' },
  { keys: '[', does: 'Fold or unfold the runs list' },
  { keys: '+  −', does: 'On a chart: zoom in and out' },
  { keys: '←  →', does: 'On a chart: move along x' },
  { keys: '0', does: 'On a chart: show all of it' },
  { keys: '?', does: 'Show this' },
]
