'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { runPath, sweepPath } from '@kiroku/core/routes'
import type { Sweep, SweepAction } from '@kiroku/core/sweeps/sweeps'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { formatCount } from '../format/numbers.ts'
import { Button } from '../ui/button.tsx'
import { Modal } from '../ui/modal.tsx'
import { ValueText } from '../ui/number-value.tsx'
import { metricOf, runsOf } from './sweep-list.tsx'
import { SweepStateMark } from './sweep-state.tsx'
import styles from './sweeps.module.css'

const labels: Record<SweepAction, string> = { pause: 'Pause', resume: 'Resume', stop: 'Stop', cancel: 'Cancel' }

/** What can be done to a sweep of this state. */
export function actionsOf({ state, expectedRuns, runCount }: Sweep): SweepAction[] {
  if (state === 'canceled') return []
  if (state === 'finished') return expectedRuns !== null && runCount >= expectedRuns ? [] : ['resume']
  return [state === 'paused' ? 'resume' : 'pause', 'stop', 'cancel']
}

const questions: Partial<Record<SweepAction, string>> = {
  stop: 'No further run begins. Those that go on end by themselves.',
  cancel: 'No further run begins, and those that go on are asked to end now. A canceled sweep cannot go on.',
}

/** The top of a sweep's page: its name, state and figures, and what can be done to it. */
export function SweepHead({ path, sweep }: { path: ProjectPath; sweep: Sweep }): ReactNode {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [asked, setAsked] = useState<SweepAction | null>(null)
  const act = useMutation(
    trpc.sweeps.act.mutationOptions({
      onSuccess: async () => {
        setAsked(null)
        await client.invalidateQueries({ queryKey: trpc.sweeps.byId.queryKey({ ...path, sweep: sweep.slug }) })
      },
    }),
  )
  const send = (action: SweepAction): void => act.mutate({ ...path, sweep: sweep.slug, action })
  const question = asked === null ? undefined : questions[asked]
  return (
    <header className={styles.head}>
      <div className={styles.headLine}>
        <Link prefetch={false} href={sweepPath(path)} className={styles.faint}>
          Sweeps
        </Link>
        <span className={styles.faint}>/</span>
        <h1 className={styles.name}>{sweep.displayName}</h1>
        <SweepStateMark state={sweep.state} />
        <span className={styles.spring} />
        <span className={styles.actions}>
          {actionsOf(sweep).map((action) => (
            <Button
              key={action}
              disabled={act.isPending}
              onClick={() => (questions[action] === undefined ? send(action) : setAsked(action))}
            >
              {labels[action]}
            </Button>
          ))}
        </span>
      </div>
      {sweep.description !== null && <p className={styles.description}>{sweep.description}</p>}
      <dl className={styles.facts}>
        <Fact name="search">{String(sweep.config['method'])}</Fact>
        <Fact name="runs">
          {runsOf(sweep)}
          {sweep.runningCount > 0 && <span className={styles.faint}>, {formatCount(sweep.runningCount)} running</span>}
        </Fact>
        <Fact name="agents">{formatCount(sweep.liveAgents)}</Fact>
        {sweep.best !== null && (
          <Fact name={`best ${metricOf(sweep)}`}>
            <Link prefetch={false} href={runPath({ ...path, run: sweep.best.run })} data-testid="best-run">
              <ValueText value={sweep.best.value} />
            </Link>
          </Fact>
        )}
      </dl>
      {act.error !== null && (
        <p className={styles.error} role="alert">
          {describeError(act.error)}
        </p>
      )}
      <Modal
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
        title={asked === null ? '' : `${labels[asked]} ${sweep.displayName}?`}
      >
        <div className={styles.question}>
          <p>{question}</p>
          <div className={styles.answers}>
            <Button onClick={() => setAsked(null)}>Let it run</Button>
            <Button look="primary" disabled={act.isPending} onClick={() => asked !== null && send(asked)}>
              {asked === null ? '' : `${labels[asked]} the sweep`}
            </Button>
          </div>
        </div>
      </Modal>
    </header>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
