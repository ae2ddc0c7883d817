import { parseJson } from '@kiroku/core/json'
import { type RunAddress, runLineSchema } from '@kiroku/core/queries'
import type { ServerClient } from '../server-client.ts'
import { readRows } from '../text-rows.ts'
import { scriptStartOf, startOf } from './run-start.ts'
import type { LoggedValue, ScannedLog } from './scan-log.ts'

/**
 * What a run has of a log that may have come another way before, as from the live script or by `wandb sync`: nothing, all of it, its
 * beginning, or, where others took the place of its end or came after it, a part that is not to be added to. `shift` is what was
 * added to its steps. `unknown`: that cannot be told, and why not.
 */
export type Presence =
  | { what: 'nothing' }
  | { what: 'all' | 'beginning' | 'passed'; shift: number }
  | { what: 'unknown'; why: string }
/** How many lines there are of each stream. */
export type LineCounts = Readonly<Record<'stdout' | 'stderr', number>>

const nothing: Presence = { what: 'nothing' }
const pointsPerPage = 250_000
/** Each may have a mebibyte. */
const textsPerPage = 100

/**
 * Finds a log's rows in its run by the time and value of the first and the last number that it has, and where it has none by the
 * times of its first and last other value. A log without rows is found by the moment at which its script began. `imported` is how
 * many of the run's writers are logs that were imported. The run must be there.
 */
export async function presenceOf(
  client: ServerClient,
  log: ScannedLog,
  { address, imported }: { address: RunAddress; imported: number },
): Promise<Presence> {
  const { firstValue, lastValue } = log
  if (firstValue === null || lastValue === null) return presenceWithoutRows(client, log, { address, imported })
  if (log.isShared) return presenceInShared(client, address, firstValue, lastValue)
  const step = await stepOf(client, address, firstValue, firstValue.step)
  if (step === undefined) return nothing
  const shift = step - firstValue.step
  const end = lastValue.step + shift
  const at = await pageOf(client, address, lastValue, { after: end - 1, limit: 1 })
  if (at.steps[0] === end && isAt(at, 0, lastValue)) return { what: 'all', shift }
  const behind = at.steps.length > 0 ? at : await pageOf(client, address, firstValue, { after: end, limit: 1 })
  return { what: behind.steps.length > 0 ? 'passed' : 'beginning', shift }
}

/** Rows of a shared run have the server's steps, between which those of others lie: all are there, none, or who knows which. */
async function presenceInShared(
  client: ServerClient,
  address: RunAddress,
  first: LoggedValue,
  last: LoggedValue,
): Promise<Presence> {
  const from = await stepOf(client, address, first, 0)
  if (from === undefined) return nothing
  if ((await stepOf(client, address, last, from)) !== undefined) return { what: 'all', shift: 0 }
  return { what: 'unknown', why: 'its first row is in the run and its last one not, among rows of other writers' }
}

/** Its script told the server when it began, to the millisecond, and how it ended after everything else. */
async function presenceWithoutRows(
  client: ServerClient,
  log: ScannedLog,
  { address, imported }: { address: RunAddress; imported: number },
): Promise<Presence> {
  const [{ writers }, began] = await Promise.all([client.record(address), scriptStartOf(log)])
  const own = writers.find(({ startedAt }) => began !== null && Math.abs(startedAt - began) <= 1)
  if (own && own.finishState !== null) return { what: 'all', shift: 0 }
  if (!own && writers.length === imported) return nothing
  const why = own
    ? 'its script began to send it, and did not say that this was all'
    : 'it has no rows to look for, and other scripts wrote to the run'
  return { what: 'unknown', why }
}

/** The first step from one on that a value of a log has in the run: a later one than its own, where its script did not know of rows before. */
async function stepOf(
  client: ServerClient,
  address: RunAddress,
  logged: LoggedValue,
  from: number,
): Promise<number | undefined> {
  const limit = logged.value === null ? textsPerPage : pointsPerPage
  for (let after = from - 1; ; ) {
    const page = await pageOf(client, address, logged, { after, limit })
    const at = page.times.findIndex((_, index) => isAt(page, index, logged))
    if (at >= 0) return page.steps[at]
    const last = page.steps.at(-1)
    if (last === undefined || last === Number.MAX_SAFE_INTEGER) return undefined
    after = last
  }
}

type Page = Record<'steps' | 'times' | 'values', number[] | Float64Array>

const isAt = ({ times, values }: Page, index: number, { time, value }: LoggedValue): boolean =>
  times[index] === time && (value === null || Object.is(values[index], value))

/** Some values of a metric after a step, in the order of their steps; of those that are no numbers the places alone. */
async function pageOf(
  client: ServerClient,
  address: RunAddress,
  { metric, value }: LoggedValue,
  { after, limit }: { after: number; limit: number },
): Promise<Page> {
  if (value !== null) return client.points({ ...address, metric, after, limit })
  const texts = await client.texts({ ...address, metric, from: after + 1, limit, order: 'first' })
  return { steps: texts.map(({ step }) => step), times: texts.map(({ time }) => time), values: [] }
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
