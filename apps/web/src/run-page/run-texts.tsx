'use client'
import type { RunAddress } from '@kiroku/core/queries'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { useLiveRefresh } from '../api/use-runs.ts'
import { formatCount, formatExact } from '../format/numbers.ts'
import { formatMoment } from '../format/times.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Notice } from '../ui/notice.tsx'
import section from '../workspace/section.module.css'
import { toggle } from '../workspace/view.ts'
import { useView } from '../workspace/view-context.tsx'
import styles from './run-texts.module.css'
import { type TextGroup, textGroups } from './text-groups.ts'

/** The name of the section in addresses. */
const sectionName = 'texts~'

/** As many texts of one name are shown before the reader asks for more. */
const linesAtFirst = 20

/** What the run logged that is not a number; nothing where there is none. */
export function RunTexts({ address }: { address: RunAddress }): ReactNode {
  const { view, change } = useView()
  const trpc = useTRPC()
  const client = useQueryClient()
  const query = useQuery(trpc.texts.byRun.queryOptions(address))
  const queryKey = trpc.texts.byRun.queryKey(address)
  useLiveRefresh(
    async () => {
      await client.invalidateQueries({ queryKey, exact: true }, { cancelRefetch: false })
    },
    (event) => event.kind === 'missed' || event.notice.runs.some(({ run }) => run === address.run),
  )
  const groups = useMemo(() => textGroups(query.data ?? [], view.find), [query.data, view.find])
  if (query.error !== null && query.data === undefined)
    return <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
  if (groups.length === 0) return null
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
          <span className={section.count}>{groups.length}</span>
        </button>
      </h2>
      {!isFolded && groups.map((group) => <Texts key={group.metric} group={group} />)}
    </section>
  )
}

function Texts({ group: { metric, lines } }: { group: TextGroup }): ReactNode {
  const [most, setMost] = useState(linesAtFirst)
  const shown = lines.slice(0, most)
  return (
    <table className={styles.texts}>
      <caption>
        {metric} <span>{lines.length > 1 ? formatCount(lines.length) : ''}</span>
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
        {shown.map(({ step, time, text }) => (
          <tr key={step}>
            <td title={`_step ${formatExact(step)}, ${formatMoment(time)}`}>{formatCount(step)}</td>
            <td>
              <pre>{text}</pre>
              <CopyButton text={text} label={`Copy ${metric} of step ${step}`} className={styles.copy} />
            </td>
          </tr>
        ))}
      </tbody>
      {lines.length > shown.length && (
        <tfoot>
          <tr>
            <td colSpan={2}>
              <Button look="plain" onClick={() => setMost(most * 10)}>
                {formatCount(lines.length - shown.length)} older: show{' '}
                {formatCount(Math.min(most * 9, lines.length - shown.length))}
              </Button>
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  )
}
