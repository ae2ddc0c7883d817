import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { ArtifactsPage } from '../../../../../src/artifacts/artifacts-page.tsx'

type Props = { params: Promise<{ project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Artifacts · ${decodeURIComponent((await params).project)}` }
}

export default function Page(): ReactNode {
  return <ArtifactsPage />
}
