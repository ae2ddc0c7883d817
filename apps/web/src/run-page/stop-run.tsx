'use client'
import { isLiveState, type Run } from '@kiroku/core/runs'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleStop } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { Hint } from '../ui/hint.tsx'
import { Modal } from '../ui/modal.tsx'
import styles from './run-page.module.css'

/** Asks a run's script to end, after a question: what a stopped script was doing is lost. */
export function StopRun({ run }: { run: Run }): ReactNode {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [isAsking, setIsAsking] = useState(false)
  const address = { organization: run.organization, project: run.project, run: run.slug }
  const stop = useMutation(
    trpc.runs.stop.mutationOptions({
      onSuccess: (stopped) => {
        setIsAsking(false)
        client.setQueryData(trpc.runs.byId.queryKey(address), stopped)
      },
    }),
  )
  if (!isLiveState(run.state)) return null
  if (run.stopAskedAt !== null)
    return (
      <Hint text="The script hears of it by the next thing that it sends, and then ends.">
        <span className={styles.kind} role="status" data-testid="stopping">
          stopping
        </span>
      </Hint>
    )
  return (
    <>
      <Hint text="Stop the run">
        <IconButton label="Stop the run" onClick={() => setIsAsking(true)}>
          <CircleStop size={15} />
        </IconButton>
      </Hint>
      <Modal isOpen={isAsking} onClose={() => setIsAsking(false)} title={`Stop ${run.displayName}?`}>
        <div className={styles.question}>
          <p>
            Its script is interrupted, as by Ctrl-C, by the next thing that it sends, unless it listens and ends by
            itself. What is logged stays, and the run is shown as killed.
          </p>
          {stop.error !== null && (
            <p className={styles.warning} role="alert">
              {describeError(stop.error)}
            </p>
          )}
          <div className={styles.answers}>
            <Button onClick={() => setIsAsking(false)}>Let it run</Button>
            <Button look="primary" disabled={stop.isPending} onClick={() => stop.mutate(address)}>
              Stop the run
            </Button>
          </div>
        </div>
      </Modal>
    </>
  )
}
