'use client'
import { Toast } from '@base-ui/react/toast'
import type { ReactNode } from 'react'
import styles from './toasts.module.css'

/** Where code outside React puts toasts. */
export const toastManager = Toast.createToastManager()

/** Says what was done and offers to take it back. */
export function toastUndo(title: string, undo: () => void): void {
  const id = toastManager.add({
    title,
    timeout: 8000,
    actionProps: {
      children: 'Undo',
      onClick: () => {
        undo()
        toastManager.close(id)
      },
    },
  })
}

/** The toasts that are up, at the lower right. */
export function Toasts(): ReactNode {
  const { toasts } = Toast.useToastManager()
  return (
    <Toast.Portal>
      <Toast.Viewport className={styles.viewport}>
        {toasts.map((toast) => (
          <Toast.Root key={toast.id} toast={toast} className={styles.toast}>
            <Toast.Title className={styles.title} />
            <Toast.Action className={styles.action} />
            <Toast.Close className={styles.close} aria-label="Dismiss">
              ×
            </Toast.Close>
          </Toast.Root>
        ))}
      </Toast.Viewport>
    </Toast.Portal>
  )
}
