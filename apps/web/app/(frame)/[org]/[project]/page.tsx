import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { WorkspacePage } from '../../../../src/workspace/workspace-page.tsx'

type Props = { params: Promise<{ project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).project) }
}

export default function Page(): ReactNode {
  return <WorkspacePage />
}
