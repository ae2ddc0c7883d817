'use client'
import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from './button.tsx'
import styles from './popup.module.css'

export type ModalProps = {
  isOpen: boolean
  onClose: () => void
  title: ReactNode
  size?: 'normal' | 'large'
  actions?: ReactNode
  children: ReactNode
}

/** A dialog over the page. `large` fills it. */
export function Modal({ isOpen, onClose, title, size = 'normal', actions, children }: ModalProps): ReactNode {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.scrim} />
        <Dialog.Viewport className={styles.modalPlace} data-size={size}>
          <Dialog.Popup className={styles.modal}>
            <div className={styles.modalHead}>
              <Dialog.Title className={styles.modalTitle}>{title}</Dialog.Title>
              {actions}
              <Dialog.Close render={<IconButton label="Close" />}>
                <X size={16} />
              </Dialog.Close>
            </div>
            {children}
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
