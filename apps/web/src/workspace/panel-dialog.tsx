'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import type { MetricInfo } from '@kiroku/core/queries'
import type { ReactNode } from 'react'
import type { RunLook } from '../chart/prepare-chart.ts'
import { Modal } from '../ui/modal.tsx'
import { AnyPanel } from './any-panel.tsx'
import { chartKey } from './chart-key.ts'
import { metricTitle } from './metric-title.ts'
import type { RunGroups } from './run-groups.ts'
import { withFamilies } from './system-metrics.ts'
import { useView } from './view-context.tsx'

export type PanelDialogProps = {
  path: ProjectPath
  metrics: readonly MetricInfo[]
  looks: readonly RunLook[]
  groups?: RunGroups | null
}

/** The chart that fills the screen, if the address names one. */
export function PanelDialog({ path, metrics, looks, groups = null }: PanelDialogProps): ReactNode {
  const { view, change } = useView()
  const metric = withFamilies(metrics).find(({ name, stream }) => chartKey({ metric: name, stream }) === view.panel)
  return (
    <Modal
      isOpen={metric !== undefined}
      onClose={() => change({ panel: null })}
      title={metric === undefined ? '' : metricTitle(metric).title}
      size="large"
    >
      {metric !== undefined && (
        <AnyPanel path={path} metric={metric} looks={looks} metrics={metrics} groups={groups} isLarge />
      )}
    </Modal>
  )
}
