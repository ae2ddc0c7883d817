import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { RunPagePlace } from '../../../../../../src/run-page/run-page-place.tsx'

type Props = { params: Promise<{ run: string; project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { run, project } = await params
  return { title: `${decodeURIComponent(run)} · ${decodeURIComponent(project)}` }
}

export default function Page(): ReactNode {
  return <RunPagePlace />
}
