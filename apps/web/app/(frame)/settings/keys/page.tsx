import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { KeysPage } from '../../../../src/session/keys-page.tsx'

export const metadata: Metadata = { title: 'API keys' }

export default function Page(): ReactNode {
  return <KeysPage />
}
