import Link from 'next/link'
import type { ReactNode } from 'react'
import { Notice } from '../src/ui/notice.tsx'

export default function NotFound(): ReactNode {
  return (
    <main>
      <Notice title="There is nothing at this address." />
      <p style={{ textAlign: 'center' }}>
        <Link href="/">All projects</Link>
      </p>
    </main>
  )
}
