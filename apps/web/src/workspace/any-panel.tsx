'use client'
import type { ReactNode } from 'react'
import { GroupPanel } from './group-panel.tsx'
import { Panel, type PanelProps } from './panel.tsx'
import type { RunGroups } from './run-groups.ts'

/** A chart of runs or of groups of them. What several devices share is drawn by run: it is not of one series. */
export function AnyPanel({ groups, ...props }: PanelProps & { groups: RunGroups | null }): ReactNode {
  if (groups === null || props.metric.members !== undefined) return <Panel {...props} />
  const { looks, ...rest } = props
  return <GroupPanel {...rest} groups={groups} />
}
