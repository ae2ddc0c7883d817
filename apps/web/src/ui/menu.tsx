'use client'
import { Menu } from '@base-ui/react/menu'
import { Check } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { classes } from './button.tsx'
import styles from './popup.module.css'

export type DropdownProps = { trigger: ReactElement; align?: 'start' | 'end'; children: ReactNode }

/** A button that opens a menu. */
export function Dropdown({ trigger, align = 'start', children }: DropdownProps): ReactNode {
  return (
    <Menu.Root>
      <Menu.Trigger render={trigger} />
      <Menu.Portal>
        <Menu.Positioner className={styles.positioner} sideOffset={4} align={align} collisionPadding={8}>
          <Menu.Popup className={styles.menu}>{children}</Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

export type MenuActionProps = { onSelect: () => void; isDangerous?: boolean; detail?: ReactNode; children: ReactNode }

/** An entry that does something. */
export function MenuAction({ onSelect, isDangerous = false, detail, children }: MenuActionProps): ReactNode {
  return (
    <Menu.Item className={classes(styles.item, isDangerous && styles.danger)} onClick={onSelect}>
      <span className={styles.itemText}>{children}</span>
      {detail !== undefined && <span className={styles.detail}>{detail}</span>}
    </Menu.Item>
  )
}

export type MenuChoiceOption = { value: string; label: string; detail?: string }

export type MenuChoiceProps = {
  label: string
  value: string
  options: readonly MenuChoiceOption[]
  onChange: (value: string) => void
}

/** Entries of which exactly one holds. */
export function MenuChoice({ label, value, options, onChange }: MenuChoiceProps): ReactNode {
  return (
    <Menu.Group>
      <Menu.GroupLabel className={styles.label}>{label}</Menu.GroupLabel>
      <Menu.RadioGroup value={value} onValueChange={(next) => onChange(String(next))}>
        {options.map((option) => (
          <Menu.RadioItem key={option.value} value={option.value} className={styles.item} closeOnClick>
            <span className={styles.indicator}>
              <Menu.RadioItemIndicator>
                <Check size={14} />
              </Menu.RadioItemIndicator>
            </span>
            <span className={styles.itemText}>{option.label}</span>
            {option.detail !== undefined && <span className={styles.detail}>{option.detail}</span>}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </Menu.Group>
  )
}

export type MenuToggleProps = { isOn: boolean; onChange: (isOn: boolean) => void; children: ReactNode }

/** An entry that is on or off. The menu stays open. */
export function MenuToggle({ isOn, onChange, children }: MenuToggleProps): ReactNode {
  return (
    <Menu.CheckboxItem checked={isOn} onCheckedChange={onChange} className={styles.item} closeOnClick={false}>
      <span className={styles.indicator}>
        <Menu.CheckboxItemIndicator>
          <Check size={14} />
        </Menu.CheckboxItemIndicator>
      </span>
      <span className={styles.itemText}>{children}</span>
    </Menu.CheckboxItem>
  )
}

/** A line between groups of entries. */
export function MenuSeparator(): ReactNode {
  return <Menu.Separator className={styles.separator} />
}
