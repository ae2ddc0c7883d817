import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { ArtifactPage } from '../../../../../../../src/artifacts/artifact-page.tsx'

type Props = { params: Promise<{ name: string; version: string; project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { name, version, project } = await params
  return { title: `${decodeURIComponent(name)}:${decodeURIComponent(version)} · ${decodeURIComponent(project)}` }
}

export default function Page(): ReactNode {
  return <ArtifactPage />
}
