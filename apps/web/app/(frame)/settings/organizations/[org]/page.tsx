import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { OrganizationSettings } from '../../../../../src/settings/organization-settings.tsx'

type Props = { params: Promise<{ org: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Settings · ${decodeURIComponent((await params).org)}` }
}

export default async function Page({ params }: Props): Promise<ReactNode> {
  return <OrganizationSettings organization={decodeURIComponent((await params).org)} />
}
