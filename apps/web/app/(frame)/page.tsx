import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { ProjectList } from '../../src/projects/project-list.tsx'

export const metadata: Metadata = { title: 'Projects' }

export default function ProjectsPage(): ReactNode {
  return <ProjectList />
}
