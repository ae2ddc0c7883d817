import type { ComponentProps, ReactNode } from 'react'
import styles from './button.module.css'

/** Joins class names; what is not there is left out. */
export function classes(...names: readonly (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ')
}

export type ButtonProps = ComponentProps<'button'> & { look?: 'plain' | 'outlined' | 'primary' }

/** A button with a label. `plain` has no frame until hovered. */
export function Button({ look = 'outlined', className, type = 'button', ...props }: ButtonProps): ReactNode {
  return <button type={type} className={classes(styles.button, styles[look], className)} {...props} />
}

/** A square button with an icon; `label` is its name. */
export function IconButton({
  label,
  className,
  type = 'button',
  ...props
}: ComponentProps<'button'> & { label: string }): ReactNode {
  return <button type={type} aria-label={label} className={classes(styles.icon, className)} {...props} />
}
