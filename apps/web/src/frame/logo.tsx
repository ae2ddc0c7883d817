import type { ReactNode } from 'react'

/** Kiroku's mark: the curve of a loss that came down, in a ring. */
export function Logo({ size = 20 }: { size?: number }): ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <circle cx="10" cy="10" r="8.6" strokeWidth="1.5" />
      <path d="M5.4 6.2c1 5.6 3.4 7 9.2 7.6" />
      <circle cx="14.4" cy="13.7" r="0.9" fill="currentColor" stroke="none" />
    </svg>
  )
}
