'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import type { MetricInfo } from '@kiroku/core/queries'
import { ChevronRight } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import type { RunLook } from '../chart/prepare-chart.ts'
import { AnyPanel } from './any-panel.tsx'
import type { RunGroups } from './run-groups.ts'
import styles from './section.module.css'
import type { Section } from './sections.ts'
import { toggle } from './view.ts'
import { useView } from './view-context.tsx'

export type ChartSectionProps = {
  path: ProjectPath
  section: Section
  looks: readonly RunLook[]
  metrics: readonly MetricInfo[]
  /** Groups to draw a line each of; null or left out draws one a run. */
  groups?: RunGroups | null
}

const MemoPanel = memo(AnyPanel)

/** A foldable group of charts. A folded one holds no charts at all. */
export function ChartSection({ path, section, looks, metrics, groups = null }: ChartSectionProps): ReactNode {
  const { view, change } = useView()
  const isFolded = section.isFoldedAtFirst !== view.toggled.includes(section.id)
  return (
    <section aria-label={section.name} data-testid="section" data-section={section.name}>
      <h2 className={styles.head}>
        <button
          type="button"
          className={styles.fold}
          aria-expanded={!isFolded}
          onClick={() => change((last) => ({ ...last, toggled: toggle(last.toggled, section.id) }))}
        >
          <ChevronRight size={14} className={styles.chevron} />
          {section.name}
          <span className={styles.count}>{section.metrics.length}</span>
        </button>
      </h2>
      {!isFolded && (
        <div className={styles.grid}>
          {section.metrics.map((metric) => (
            <MemoPanel
              key={`${metric.stream} ${metric.name}`}
              path={path}
              metric={metric}
              looks={looks}
              metrics={metrics}
              groups={groups}
            />
          ))}
        </div>
      )}
    </section>
  )
}
