import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { RunsTablePage } from '../../../../../src/runs-table/runs-table-page.tsx'

type Props = { params: Promise<{ project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Runs · ${decodeURIComponent((await params).project)}` }
}

export default function Page(): ReactNode {
  return <RunsTablePage />
}
