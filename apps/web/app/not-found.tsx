import type { ReactNode } from 'react'
import { Notice } from '../src/ui/notice.tsx'

export default function NotFound(): ReactNode {
  return (
    <main>
      <Notice title="There is nothing at this address." way={{ label: 'All projects', path: '/' }} />
    </main>
  )
}
