'use client'
import type { RunAddress } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import { isLiveState, type Run } from '@kiroku/core/runs'
import { ArrowDownToLine, ChevronDown, Clock, Download, WrapText } from 'lucide-react'
import { type ReactNode, useDeferredValue, useRef, useState } from 'react'
import { describeError } from '../api/trpc.ts'
import { formatCount } from '../format/numbers.ts'
import { useHotkeys } from '../frame/hotkeys.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { Hint } from '../ui/hint.tsx'
import { Dropdown, MenuChoice } from '../ui/menu.tsx'
import { Notice } from '../ui/notice.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { useView } from '../workspace/view-context.tsx'
import { LogLines } from './log-lines.tsx'
import styles from './log-page.module.css'
import { useLog } from './use-log.ts'

/** What a run printed, followed while it runs. */
export function LogPage({ address, run }: { address: RunAddress; run: Run }): ReactNode {
  const { view, change } = useView()
  const search = useDeferredValue(view.lines).trim()
  const [range, setRange] = useState({ from: 0, to: 100 })
  const log = useLog(address, { search, label: view.writer }, range)
  const { labels } = log
  const [isWrapped, setIsWrapped] = useState(true)
  const [isTimed, setIsTimed] = useState(false)
  const [isFollowing, setIsFollowing] = useState(run.state !== 'finished')
  const field = useRef<HTMLInputElement>(null)
  useHotkeys({ '/': () => field.current?.focus() })
  const isLive = isLiveState(run.state)
  const download = `${routes.console}?${new URLSearchParams(address)}`

  if (log.error !== null && log.total === 0) return <Notice title={describeError(log.error)} onRetry={log.retry} />
  if (!log.isPending && log.total === 0 && search === '' && view.writer === null) return <NoLines isLive={isLive} />
  return (
    <section
      className={styles.page}
      aria-label="Logs"
      data-testid="logs"
      data-total={log.total}
      data-following={isFollowing}
    >
      <div className={styles.bar} role="toolbar" aria-label="Logs">
        <SearchField input={field} label="Find lines" value={view.lines} onChange={(lines) => change({ lines })} />
        <span className={styles.count} role="status">
          {log.isPending ? '' : `${formatCount(log.total)} ${log.total === 1 ? 'line' : 'lines'}`}
        </span>
        {(labels.length > 1 || view.writer !== null) && (
          <Dropdown
            trigger={
              <Button look="plain">
                <span className={styles.faint}>writer</span> {view.writer ?? 'all'} <ChevronDown size={13} />
              </Button>
            }
          >
            <MenuChoice
              label="Lines of"
              value={view.writer ?? ''}
              options={[{ value: '', label: 'all writers' }, ...labels.map((value) => ({ value, label: value }))]}
              onChange={(label) => change({ writer: label === '' ? null : label })}
            />
          </Dropdown>
        )}
        <span className={styles.spring} />
        <Hint text={isTimed ? 'Hide times' : 'Show times'}>
          <IconButton label="Times" aria-pressed={isTimed} onClick={() => setIsTimed(!isTimed)}>
            <Clock size={14} />
          </IconButton>
        </Hint>
        <Hint text={isWrapped ? 'Do not wrap long lines' : 'Wrap long lines'}>
          <IconButton label="Wrap" aria-pressed={isWrapped} onClick={() => setIsWrapped(!isWrapped)}>
            <WrapText size={14} />
          </IconButton>
        </Hint>
        <Hint text="To the end, and follow it">
          <IconButton label="Follow the end" aria-pressed={isFollowing} onClick={() => setIsFollowing(true)}>
            <ArrowDownToLine size={14} />
          </IconButton>
        </Hint>
        <Hint text="Download all lines">
          <a className={styles.download} href={download} download aria-label="Download all lines">
            <Download size={14} />
          </a>
        </Hint>
      </div>
      <LogLines
        key={`${search}\n${view.writer ?? ''}\n${isWrapped}\n${isTimed}`}
        log={log}
        search={search}
        isWrapped={isWrapped}
        isTimed={isTimed}
        isLabelled={labels.length > 1 && view.writer === null}
        isFollowing={isFollowing}
        onFollow={setIsFollowing}
        onRange={setRange}
      />
      {!isFollowing && isLive && (
        <Button look="outlined" className={styles.back} onClick={() => setIsFollowing(true)}>
          <ArrowDownToLine size={14} /> Follow the end
        </Button>
      )}
    </section>
  )
}

function NoLines({ isLive }: { isLive: boolean }): ReactNode {
  return (
    <EmptyState title={isLive ? 'The run has printed nothing yet.' : 'The run printed nothing.'} testId="logs-empty">
      <p>
        What a script writes to standard output and standard error comes here line by line, progress bars as their last
        state, while the terminal shows it as ever.
      </p>
      <p>It is not kept where the script, or its environment, turns it off:</p>
      <pre>{`kiroku.init({ project: 'demo', console: false })\n\nKIROKU_CONSOLE=false node train.js`}</pre>
    </EmptyState>
  )
}
