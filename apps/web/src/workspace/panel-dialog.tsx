'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import type { MetricInfo } from '@kiroku/core/queries'
import type { ReactNode } from 'react'
import type { RunLook } from '../chart/prepare-chart.ts'
import { Modal } from '../ui/modal.tsx'
import { chartKey } from './chart-key.ts'
import { metricTitle } from './metric-title.ts'
import { Panel } from './panel.tsx'
import { withFamilies } from './system-metrics.ts'
import { useView } from './view-context.tsx'

export type PanelDialogProps = { path: ProjectPath; metrics: readonly MetricInfo[]; looks: readonly RunLook[] }

/** The chart that fills the screen, if the address names one. */
export function PanelDialog({ path, metrics, looks }: PanelDialogProps): ReactNode {
  const { view, change } = useView()
  const metric = withFamilies(metrics).find(({ name, stream }) => chartKey({ metric: name, stream }) === view.panel)
  return (
    <Modal
      isOpen={metric !== undefined}
      onClose={() => change({ panel: null })}
      title={metric === undefined ? '' : metricTitle(metric).title}
      size="large"
    >
      {metric !== undefined && <Panel path={path} metric={metric} looks={looks} metrics={metrics} isLarge />}
    </Modal>
  )
}
