import { parseJson } from '@kiroku/core/json'
import { type RunAddress, runLineSchema } from '@kiroku/core/queries'
import type { ServerClient } from '../server-client.ts'
import { readRows } from '../text-rows.ts'
import { startOf } from './run-start.ts'
import type { LoggedNumber, ScannedLog } from './scan-log.ts'

/**
 * What a run has of a log that may have come another way before, as from the live script or by `wandb sync`: nothing, all of it, or
 * its beginning. `shift` is what was added to its steps.
 */
export type Presence = { what: 'nothing' } | { what: 'all' | 'beginning'; shift: number }
/** How many lines there are of each stream. */
export type LineCounts = Readonly<Record<'stdout' | 'stderr', number>>

const nothing: Presence = { what: 'nothing' }
const pointsPerPage = 250_000

/**
 * Finds a log's rows in its run by the time and value of the first and the last number that it has. What comes later in the run
 * than the log's rows, or stands in their place, tells that more than the log's beginning was there once. The run must be there.
 */
export async function presenceOf(
  client: ServerClient,
  { firstNumber, lastNumber, isShared }: ScannedLog,
  address: RunAddress,
): Promise<Presence> {
  // The rows of a shared run have the server's steps.
  if (firstNumber === null || lastNumber === null || isShared) return nothing
  const step = await stepOf(client, address, firstNumber)
  if (step === undefined) return nothing
  const shift = step - firstNumber.step
  if (await hasFrom(client, address, lastNumber.metric, lastNumber.step + shift)) return { what: 'all', shift }
  if (await hasFrom(client, address, firstNumber.metric, lastNumber.step + shift + 1)) return { what: 'all', shift }
  return { what: 'beginning', shift }
}

/** The step that a number of a log has in the run: its own, or a later one, where the script did not know of the rows before. */
async function stepOf(
  client: ServerClient,
  address: RunAddress,
  { metric, step, time, value }: LoggedNumber,
): Promise<number | undefined> {
  for (let after = step - 1; ; ) {
    const page = await client.points({ ...address, metric, after, limit: pointsPerPage })
    const at = page.times.findIndex((each, index) => each === time && Object.is(page.values[index], value))
    if (at >= 0) return page.steps[at]
    const last = page.steps.at(-1)
    if (last === undefined || page.steps.length < pointsPerPage) return undefined
    after = last
  }
}

/** Whether the run has a metric's point at a step or behind it. */
async function hasFrom(client: ServerClient, address: RunAddress, metric: string, step: number): Promise<boolean> {
  return (await client.points({ ...address, metric, after: step - 1, limit: 1 })).steps.length > 0
}

/**
 * How many lines the run has of its last process, but for the one by which an import added the rest of this log: that one was
 * resumed, at the log's own start.
 */
export async function linesBefore(client: ServerClient, log: ScannedLog, address: RunAddress): Promise<LineCounts> {
  const { writers } = await client.record(address)
  const last = writers.findLastIndex(({ startedAt, isResumed }) => !isResumed || startedAt !== startOf(log))
  const counts = { stdout: 0, stderr: 0 }
  for await (const rows of readRows(await client.jsonLines(address)))
    for (const row of rows) {
      const { writer, stream } = runLineSchema.parse(parseJson(row))
      if (writer === last) counts[stream]++
    }
  return counts
}
