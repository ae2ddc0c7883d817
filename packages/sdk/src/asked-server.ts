import { type ErrorCode, KirokuError } from '@kiroku/core/errors'
import type { MetricDefinition } from '@kiroku/core/metrics'
import type { CreateRunResult } from '@kiroku/core/runs'
import { fromWireRecord } from '@kiroku/core/values'
import type { Beginning } from './beginning.ts'
import { recordKinds, updateFlags } from './log/format.ts'
import { RecordEncoder } from './log/record-encoder.ts'
import type { LogUpdate } from './log/schemas.ts'
import type { WriterLink } from './run-link.ts'
import type { RunParts } from './run-parts.ts'

/** Refusals that the caller brought about; all others keep no script from going on. */
const mistakes: readonly (ErrorCode | null)[] = ['NOT_FOUND', 'CONFLICT', 'BAD_REQUEST']

/** Whom the answer is told: a warning always, the rest unless quiet. */
export type AnswerTold = { warn: (text: string) => void; tell: (text: string) => void }

/** True for a run that begins where another stopped, which only the server knows. */
export function asksServer({ resume, rewind, fork }: Beginning): boolean {
  return resume !== undefined || rewind !== undefined || fork !== undefined
}

/**
 * Waits for what the server knows of the run, blocking, `timeoutMs` at most; null when it does not answer. Throws `KirokuError`
 * with the server's code and words, leaving nothing of the run, when what was asked cannot be.
 */
export function askServer(
  link: WriterLink,
  beginning: Beginning & { id: string },
  { timeoutMs, isOnline, warn, tell }: AnswerTold & { timeoutMs: number; isOnline: boolean },
): CreateRunResult | null {
  const { id } = beginning
  if (!isOnline) {
    warn(`where run ${id} goes on is found out when it is synced; its steps count from 0 here`)
    return null
  }
  const answer = link.awaitAnswer(timeoutMs)
  if (answer.kind === 'known') {
    const line = startLine(beginning, answer.result)
    if (line !== undefined) tell(line)
    return answer.result
  }
  if (answer.kind !== 'refused') {
    warn(`where run ${id} goes on is found out when the server answers; its steps count from 0 here until then`)
    return null
  }
  if (!mistakes.includes(answer.code)) return null
  const finish: LogUpdate = { type: 'finish', state: 'failed', exitCode: 1, time: Date.now() }
  const payload = new RecordEncoder().json(recordKinds.update, finish, updateFlags.finishes)
  if (payload !== undefined) link.send(payload)
  link.abandon()
  throw new KirokuError({ code: answer.code ?? 'BAD_REQUEST', message: `init: ${answer.why}` })
}

function startLine(
  { rewind, fork }: Beginning,
  { displayName, startingStep, isResumed }: CreateRunResult,
): string | undefined {
  if (fork !== undefined) return `run ${displayName} begins with the history of run ${fork.run} up to step ${fork.step}`
  if (!isResumed) return undefined
  if (rewind !== undefined)
    return `run ${displayName} goes on at step ${startingStep}; what was logged from there on is gone`
  return `run ${displayName} goes on at step ${startingStep}`
}

/** A run's parts with what the server has of it: what is given here comes before, for each key of the config. */
export function withKnown<Parts extends Pick<RunParts, 'labels' | 'config' | 'definitions'>>(
  parts: Parts,
  answer: CreateRunResult | null,
): Parts & Pick<RunParts, 'beginning'> {
  const resumed = answer?.resumed
  if (resumed == null) return { ...parts, beginning: answer }
  const definitions: MetricDefinition[] = [...resumed.definitions, ...parts.definitions]
  const config = { ...fromWireRecord(resumed.config), ...parts.config }
  return { ...parts, labels: resumed.labels, config, definitions, beginning: answer }
}
