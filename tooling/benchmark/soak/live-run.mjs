import { emptyRowBlock, encodeHistoryBatch } from '@kiroku/core/history'
import { newWriterId } from '@kiroku/core/ids'
import { client, postBytes } from '@kiroku/testkit'

export const project = 'soak'
export const metrics = ['loss', 'accuracy', 'lr', 'grad/norm']

/** What a run logs: the same for the same run, metric and step, so that it can be compared when it is read back. */
export function valueAt(run, metric, step) {
  return Math.sin(run * 7.1 + metric * 13.7 + step * 0.017) + step / 1e4
}

/** A run as a script's sidecar would write it. What `acknowledged` counts is on disk, by the server's word. */
export function createLiveRun(server, index) {
  const run = { index, slug: `run-${index}`, state: 'new', acknowledged: 0, deletions: 0 }
  let writer = ''
  let seq = 1
  const api = client(server)
  const address = { organization: server.organization, project, run: run.slug }

  const begin = async (resume) => {
    writer = newWriterId()
    seq = 1
    const input = { project, run: run.slug, writer, startedAt: Date.now(), ...(resume ? { resume: 'must' } : {}) }
    const { startingStep } = await patiently(() => api.runs.create.mutate(input))
    if (startingStep !== run.acknowledged)
      throw new Error(`${run.slug} goes on at ${startingStep}, not ${run.acknowledged}`)
    run.state = 'live'
  }

  const post = async (bytes) => {
    const response = await patiently(async () => {
      const answer = await postBytes(server, bytes)
      if (answer.status === 503 || answer.status === 429) throw new Held()
      return answer
    })
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    const { ackSeq, rejected } = await response.json()
    if (ackSeq !== seq - 1 || rejected.length > 0) throw new Error(`${run.slug}: acknowledged ${ackSeq} of ${seq - 1}`)
  }

  return Object.assign(run, {
    start: () => begin(false),
    resume: () => begin(true),
    /** Sends rows, or with `finish` the end of the script; with `twice` the same batch again. */
    async send({ rows = 0, finish = false, twice = false }) {
      const firstStep = run.acknowledged
      const steps = Float64Array.from({ length: rows }, (_, row) => firstStep + row)
      const firstSeq = seq
      seq += rows + (finish ? 1 : 0)
      const bytes = encodeHistoryBatch({
        project,
        run: run.slug,
        writer,
        firstSeq,
        lastSeq: seq - 1,
        history: {
          ...emptyRowBlock(),
          seqs: steps.map((_, row) => firstSeq + row),
          steps,
          times: steps.map(() => Date.now()),
          metrics: metrics.map((name, metric) => ({
            name,
            rows: null,
            values: steps.map((step) => valueAt(index, metric, step)),
          })),
        },
        system: emptyRowBlock(),
        texts: [],
        console: [],
        updates: finish ? [{ type: 'finish', seq: seq - 1, state: 'finished', exitCode: 0, time: Date.now() }] : [],
      })
      await post(bytes)
      run.acknowledged += rows
      if (twice) await post(bytes)
      if (finish) run.state = 'finished'
    },
    async delete() {
      // Before it is asked for: a chart that is asked for from now on may be told that there is none, one on its way, too.
      run.deletions++
      run.state = 'deleted'
      await onceAtLeast(() => api.runs.delete.mutate(address))
    },
    async restore() {
      await onceAtLeast(() => api.runs.restore.mutate(address))
      run.state = 'finished'
    },
  })
}

/** The server asks to come again later. */
class Held extends Error {}

/** Of a change that cannot be made twice: an attempt whose answer never came may have made it, and the next one is told so. */
async function onceAtLeast(change) {
  let attempts = 0
  await patiently(() => {
    attempts++
    return change()
  }).catch((error) => {
    if (attempts < 2 || error.data?.code !== 'NOT_FOUND') throw error
  })
}

const patienceMs = 120_000

/** Tries again while the server cannot be reached or asks for it, as a sidecar does. */
export async function patiently(work) {
  const until = performance.now() + patienceMs
  for (let waitMs = 100; ; waitMs = Math.min(2000, waitMs * 2)) {
    try {
      return await work()
    } catch (error) {
      const isPassing =
        error instanceof Held ||
        error instanceof TypeError ||
        error.cause instanceof TypeError ||
        error.data?.code === 'SERVICE_UNAVAILABLE'
      if (!isPassing || performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }
}
