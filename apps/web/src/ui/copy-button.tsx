'use client'
import { Check, Copy } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { classes, IconButton } from './button.tsx'
import { toastManager } from './toasts.tsx'

/** Copies a text, and says for a moment that it did. */
export function CopyButton({
  text,
  label,
  className,
}: {
  text: string
  label: string
  className?: string | undefined
}): ReactNode {
  const [isCopied, setIsCopied] = useState(false)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setIsCopied(true)
      setTimeout(() => setIsCopied(false), 1200)
    } catch {
      toastManager.add({ title: 'This browser does not let the page copy. Select the text instead.', type: 'error' })
    }
  }
  return (
    <IconButton label={isCopied ? 'Copied' : label} className={classes(className)} onClick={() => void copy()}>
      {isCopied ? <Check size={13} /> : <Copy size={13} />}
    </IconButton>
  )
}
