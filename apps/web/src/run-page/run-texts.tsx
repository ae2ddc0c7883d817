'use client'
import type { RunAddress, TextMetric } from '@kiroku/core/queries'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { useRunRefresh } from '../api/use-run.ts'
import { formatCount, formatExact } from '../format/numbers.ts'
import { formatMoment } from '../format/times.ts'
import { useTextMetrics } from '../run-media/use-media.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Notice } from '../ui/notice.tsx'
import section from '../workspace/section.module.css'
import { toggle } from '../workspace/view.ts'
import { useView } from '../workspace/view-context.tsx'
import styles from './run-texts.module.css'
import { type TextGroup, textGroups } from './text-groups.ts'

const collator = new Intl.Collator('en', { numeric: true })

/** The name of the section in addresses. */
const sectionName = 'texts~'

/** As many texts of one name are shown before the reader asks for more. */
const linesAtFirst = 20

/** What the run logged that is neither a number nor media; nothing where there is none. */
export function RunTexts({ address }: { address: RunAddress }): ReactNode {
  const { view, change } = useView()
  const { metrics } = useTextMetrics(address)
  const texts = useMemo(
    () =>
      metrics
        .filter(({ kind }) => kind === 'text')
        .toSorted((one, other) => collator.compare(one.metric, other.metric)),
    [metrics],
  )
  if (texts.length === 0) return null
  const isFolded = view.toggled.includes(sectionName)
  return (
    <section aria-label="texts" data-testid="texts">
      <h2 className={section.head}>
        <button
          type="button"
          className={section.fold}
          aria-expanded={!isFolded}
          onClick={() => change((last) => ({ ...last, toggled: toggle(last.toggled, sectionName) }))}
        >
          <ChevronRight size={14} className={section.chevron} />
          texts
          <span className={section.count}>{texts.length}</span>
        </button>
      </h2>
      {!isFolded &&
        texts.map((metric) => <MetricTexts key={metric.metric} address={address} metric={metric} search={view.find} />)}
    </section>
  )
}

/** The most texts of one metric that the server gives at once. */
const mostTexts = 10_000

type MetricTextsProps = { address: RunAddress; metric: TextMetric; search: string }

function MetricTexts({ address, metric, search }: MetricTextsProps): ReactNode {
  const trpc = useTRPC()
  const [most, setMost] = useState(linesAtFirst)
  const wanted = search.trim() === '' ? most : mostTexts
  const input = { ...address, metric: metric.metric, limit: Math.min(mostTexts, wanted) }
  const query = useQuery(trpc.texts.byRun.queryOptions(input, { placeholderData: keepPreviousData }))
  useRunRefresh(address.run, trpc.texts.byRun.queryKey(input))
  const [group] = useMemo(() => textGroups(query.data ?? [], search), [query.data, search])
  if (query.error !== null && query.data === undefined)
    return <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
  if (group === undefined) return null
  const older = metric.count - (query.data?.length ?? 0)
  return <Texts group={group} older={older} onMore={most < mostTexts ? () => setMost(most * 10) : null} />
}

type TextsProps = {
  group: TextGroup
  /** How many texts are before those of the group. */
  older: number
  /** Asks for more of them; null when there is no more to be had here. */
  onMore: (() => void) | null
}

function Texts({ group: { metric, lines }, older, onMore }: TextsProps): ReactNode {
  return (
    <table className={styles.texts}>
      <caption>
        {metric} <span>{lines.length + older > 1 ? formatCount(lines.length + older) : ''}</span>
      </caption>
      <colgroup>
        <col className={styles.step} />
        <col />
      </colgroup>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">_step</th>
          <th scope="col">Text</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ step, time, text }) => (
          <tr key={step}>
            <td title={`_step ${formatExact(step)}, ${formatMoment(time)}`}>{formatCount(step)}</td>
            <td>
              <pre>{text}</pre>
              <CopyButton text={text} label={`Copy ${metric} of step ${step}`} className={styles.copy} />
            </td>
          </tr>
        ))}
      </tbody>
      {older > 0 && (
        <tfoot>
          <tr>
            <td colSpan={2}>
              {onMore === null ? (
                `${formatCount(older)} older are not shown here.`
              ) : (
                <Button look="plain" onClick={onMore}>
                  {formatCount(older)} older: show more
                </Button>
              )}
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  )
}
