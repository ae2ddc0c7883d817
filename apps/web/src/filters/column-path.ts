import { parseRunPath, type RunPath } from '@kiroku/core/run-paths'
import { ownValue } from '../ui/own-value.ts'

/** Columns of the runs table that the server calls otherwise. */
const otherNames: Readonly<Record<string, RunPath>> = {
  name: 'displayName',
  id: 'slug',
  created: 'createdAt',
  runtime: 'runtimeMs',
}

/** What the server sorts and filters a column by; null for a column that it does not know, as one that is measured. */
export function pathOfColumn(column: string): RunPath | null {
  const renamed = ownValue(otherNames, column)
  if (renamed !== undefined) return renamed
  const parts = parseRunPath(column)
  if (parts === null) return null
  return parts.source === 'run' ? parts.key : `${parts.source}.${parts.key}`
}
