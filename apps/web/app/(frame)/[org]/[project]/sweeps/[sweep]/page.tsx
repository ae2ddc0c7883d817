import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { SweepPage } from '../../../../../../src/sweeps/sweep-page.tsx'

type Props = { params: Promise<{ sweep: string; project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { sweep, project } = await params
  return { title: `${decodeURIComponent(sweep)} · ${decodeURIComponent(project)}` }
}

export default function Page(): ReactNode {
  return <SweepPage />
}
