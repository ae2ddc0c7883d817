import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { ProjectSettingsPage } from '../../../../../src/settings/project-settings-page.tsx'

type Props = { params: Promise<{ project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Settings · ${decodeURIComponent((await params).project)}` }
}

export default function Page(): ReactNode {
  return <ProjectSettingsPage />
}
