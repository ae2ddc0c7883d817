import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { SqlPage } from '../../../../../src/sql/sql-page.tsx'

type Props = { params: Promise<{ project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `SQL · ${decodeURIComponent((await params).project)}` }
}

export default function Page(): ReactNode {
  return <SqlPage />
}
