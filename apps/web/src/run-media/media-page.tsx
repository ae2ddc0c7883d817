'use client'
import type { RunAddress, TextMetric } from '@kiroku/core/queries'
import { type ReactNode, useMemo } from 'react'
import { describeError } from '../api/trpc.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { useView } from '../workspace/view-context.tsx'
import { MediaCard } from './media-card.tsx'
import styles from './media-page.module.css'
import type { MetricList } from './use-media.ts'

const collator = new Intl.Collator('en', { numeric: true })

export type MediaPageProps = { address: RunAddress; list: MetricList; color: string }

/** The images, sounds, films, figures, histograms and tables that a run logged, each over its steps. */
export function MediaPage({ address, list, color }: MediaPageProps): ReactNode {
  const { view, change } = useView()
  const { metrics } = list
  const shown = useMemo(() => {
    const wanted = view.find.trim().toLowerCase()
    return metrics
      .filter(({ metric }) => metric.toLowerCase().includes(wanted))
      .toSorted((one, other) => collator.compare(one.metric, other.metric))
  }, [metrics, view.find])
  if (list.error !== null) return <Notice title={describeError(list.error)} onRetry={list.retry} />
  if (list.isPending) return <Loading what="media" />
  if (metrics.length === 0) return <NoMedia />
  return (
    <section className={styles.page} aria-label="Media" data-testid="media">
      <div className={styles.bar}>
        <SearchField label="Find media" value={view.find} onChange={(find) => change({ find })} />
      </div>
      <div className={styles.grid}>
        {shown.map((metric: TextMetric) => (
          <MediaCard key={metric.metric} address={address} metric={metric} color={color} />
        ))}
      </div>
      {shown.length === 0 && <Notice title="No media is called that." />}
    </section>
  )
}

function NoMedia(): ReactNode {
  return (
    <EmptyState title="The run has logged no media." testId="media-empty">
      <p>Images, histograms and tables come here, each with a slider over its steps:</p>
      <pre>{`import { Histogram, Image, Table } from '@kiroku/sdk'

run.log({
  sample: new Image(png, { caption: 'epoch 3' }),
  weights: new Histogram(values),
  predictions: new Table({ columns, data }),
})`}</pre>
      <p>What a wandb script logs, sounds, films, HTML and figures too, comes here as well.</p>
    </EmptyState>
  )
}
