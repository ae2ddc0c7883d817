import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { SweepsPage } from '../../../../../src/sweeps/sweeps-page.tsx'

type Props = { params: Promise<{ project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Sweeps · ${decodeURIComponent((await params).project)}` }
}

export default function Page(): ReactNode {
  return <SweepsPage />
}
