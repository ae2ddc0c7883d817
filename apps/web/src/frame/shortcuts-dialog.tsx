import type { ReactNode } from 'react'
import { Modal } from '../ui/modal.tsx'
import styles from './frame.module.css'
import { shortcuts } from './hotkeys.ts'

/** Lists every shortcut. */
export function ShortcutsDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }): ReactNode {
  return (
    <Modal isOpen={isOpen} onClose={onClose} title="Shortcuts">
      <dl className={styles.shortcuts}>
        {shortcuts.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
