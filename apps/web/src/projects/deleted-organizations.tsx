import { organizationSettingsPath } from '@kiroku/core/routes'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { useTRPC } from '../api/trpc.ts'
import styles from './projects.module.css'

/** The reader's organizations that were deleted, each with the way to its restoration. */
export function DeletedOrganizations(): ReactNode {
  const trpc = useTRPC()
  const viewer = useQuery(trpc.viewer.me.queryOptions())
  const deleted = viewer.data?.deletedOrganizations ?? []
  if (deleted.length === 0) return null
  return (
    <ul className={styles.deleted}>
      {deleted.map(({ slug, name }) => (
        <li key={slug}>
          {name} was deleted. <Link href={organizationSettingsPath(slug)}>Restore {name}</Link>
        </li>
      ))}
    </ul>
  )
}
