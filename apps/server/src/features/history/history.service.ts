import { KirokuError } from '@kiroku/core/errors'
import { headerBytesOf } from '@kiroku/core/frames'
import {
  type BatchAck,
  type HistoryBatch,
  type Rejection,
  type RowBlock,
  readHistoryBatch,
  type Stream,
} from '@kiroku/core/history'
import type { WireValue } from '@kiroku/core/values'
import type { MetricStore, PointBlock, StoredLine, StoredText } from '@kiroku/metric-store'
import type { OrganizationScope } from '../../http/scopes.ts'
import {
  type CommittedBatch,
  gapError,
  type HistoryRepository,
  type KnownWriter,
  type RefusedBatch,
} from './history.repository.ts'
import type { OnIngestStep } from './ingest-steps.ts'
import { createPace } from './pace.ts'
import { steppedSeqs } from './shared-steps.ts'
import { trimBatch } from './trim-batch.ts'

export type HistoryServiceOptions = {
  store: Pick<MetricStore, 'insert' | 'removeVersion'>
  repository: HistoryRepository
  /** Told of each step, so that tests can fail there. */
  onStep?: OnIngestStep | undefined
}

/** Takes history batches in. */
export type HistoryService = {
  /**
   * Makes room for a batch of so many bytes before it is read, and answers how to give the room back, once. Throws UNAVAILABLE
   * with `details.retryAfterMs` while too much is under way, so that memory stays bounded. What its JSON takes beyond that is
   * known when it is read: `accept` makes room for it, before it decodes anything.
   */
  admit(bytes: number): () => void
  /**
   * Stores a batch and resolves when everything of it is on disk. Throws NOT_FOUND for an unknown writer, CONFLICT with
   * `details.ackSeq` for a gap, UNAVAILABLE when the server stops or has no room to decode it now. `position` becomes the
   * writer's in the transaction that acknowledges the batch: such a batch must begin right after the writer's last record,
   * for its sender made it from the position before; CONFLICT otherwise.
   */
  accept(scope: OrganizationScope, bytes: Uint8Array, position?: WireValue): Promise<BatchAck>
  /** Resolves when nothing of a run is under way any more, at any server, and what comes of its writers is checked anew. */
  quiet(runId: string): Promise<void>
  /** Refuses new batches from now on and resolves when all accepted ones are answered. */
  close(): Promise<void>
}

/** How long batches are gathered before they are stored together. */
const gatherMs = 4
/** What may be read, wait or be stored at once, in bytes of memory. */
const maxAdmittedBytes = 256 * 1024 * 1024
/** So many bytes of memory a byte of JSON takes while it is decoded, beside itself. Columns are views of what came. */
const memoryOfJson = 8
const maxInsertBytes = 64 * 1024 * 1024
const maxKnownWriters = 20_000
const retryAfterMs = 1000
/** So many values that cannot be stored are told each with its reason. */
const maxToldRejections = 1000

type Waiting = {
  writer: KnownWriter
  batch: HistoryBatch
  position: WireValue | undefined
  bytes: number
  /** What its points were stored as; null before. */
  version: number | null
  resolve(committed: CommittedBatch): void
  reject(error: unknown): void
}

/** Gathers the batches of all runs for a moment, stores their points at once, then commits what they say at once. */
export function createHistoryService({ store, repository, onStep }: HistoryServiceOptions): HistoryService {
  const writers = new Map<string, KnownWriter>()
  const pace = createPace()
  const underWay = new Map<Promise<void>, string>()
  let queue: Waiting[] = []
  const admitted = new Set<() => void>()
  let admittedBytes = 0
  let queuedBytes = 0
  let isClosed = false
  let pump: Promise<void> | undefined

  const findWriter = async (scope: OrganizationScope, batch: HistoryBatch): Promise<KnownWriter> => {
    const key = [scope.organizationId, batch.project, batch.run, batch.writer].join('/')
    const known = writers.get(key)
    if (known && batch.firstSeq <= known.ackSeq + 1) return known
    const found = await repository.findWriter(scope, batch)
    if (batch.firstSeq > found.ackSeq + 1) throw gapError(batch, found.ackSeq)
    if (writers.size >= maxKnownWriters) writers.clear()
    writers.set(key, found)
    return found
  }

  const forget = (isMeant: (writer: KnownWriter) => boolean): void => {
    for (const [key, known] of writers) if (isMeant(known)) writers.delete(key)
  }

  const enqueue = (
    writer: KnownWriter,
    { batch, position, bytes }: Pick<Waiting, 'batch' | 'position' | 'bytes'>,
  ): Promise<CommittedBatch> => {
    if (isClosed) throw busy('the server is stopping')
    queuedBytes += bytes
    const answer = new Promise<CommittedBatch>((resolve, reject) =>
      queue.push({ writer, batch, position, bytes, version: null, resolve, reject }),
    )
    const settled = answer.then(
      () => {},
      () => {},
    )
    underWay.set(settled, writer.runId)
    settled.then(() => underWay.delete(settled))
    pump ??= run().finally(() => {
      pump = undefined
    })
    return answer
  }

  const run = async (): Promise<void> => {
    // Points of the next batches are stored while the ones before are committed.
    let committing = Promise.resolve()
    while (queue.length > 0) {
      if (queuedBytes < maxInsertBytes) await new Promise((resolve) => setTimeout(resolve, gatherMs))
      const items = takeSome()
      const leave = await repository.hold().catch((error: unknown) => {
        for (const item of items) settle(item, { error })
        return null
      })
      if (leave === null) continue
      const stored = await eachOrAll(items, insert)
      await committing
      committing = eachOrAll(stored, commit).then(leave)
      if (queue.length === 0) await committing
    }
    await committing
  }

  const takeSome = (): Waiting[] => {
    let bytes = 0
    const beyond = queue.findIndex((item, index) => {
      bytes += item.bytes
      return index > 0 && bytes > maxInsertBytes
    })
    const taken = beyond < 0 ? queue : queue.slice(0, beyond)
    queue = beyond < 0 ? [] : queue.slice(beyond)
    queuedBytes = queue.reduce((sum, item) => sum + item.bytes, 0)
    return taken
  }

  const settle = (item: Waiting, outcome: CommittedBatch | RefusedBatch | { error: unknown }): void => {
    if ('error' in outcome) {
      forget(({ writerId }) => writerId === item.writer.writerId)
      item.reject(outcome.error)
    } else {
      item.writer.ackSeq = Math.max(item.writer.ackSeq, outcome.ackSeq)
      item.resolve(outcome)
    }
  }

  const insert = async (items: readonly Waiting[]): Promise<void> => {
    const { lastVersion, ackSeqs } = await repository.arrive(items)
    const shared = items.filter(({ writer, batch }) => writer.isShared && steppedSeqs(batch).length > 0)
    if (shared.length > 0) {
      const stepped = await repository.reserve(shared)
      shared.forEach((item, index) => {
        item.batch = stepped[index] ?? item.batch
      })
      await onStep?.('reserved')
    }
    const points: PointBlock[] = []
    const texts: StoredText[] = []
    const lines: StoredLine[] = []
    for (const [index, item] of items.entries()) {
      const { writer, batch } = item
      item.version = lastVersion - (items.length - 1 - index)
      // Another server may have stored later records meanwhile, whose points must not be replaced by these.
      writer.ackSeq = Math.max(writer.ackSeq, ackSeqs.get(writer.writerId) ?? 0)
      const key = { project: writer.projectId, run: writer.runId, version: item.version }
      const fresh = trimBatch(batch, writer.ackSeq)
      points.push(...toBlock(key, 'history', fresh.history), ...toBlock(key, 'system', fresh.system))
      texts.push(...fresh.texts.map(({ metric, step, time, value }) => ({ ...key, metric, step, time, value })))
      const origin = { ...key, writer: writer.writerId, label: writer.label }
      lines.push(...fresh.console.map(({ seq: _seq, ...line }) => ({ ...origin, ...line })))
    }
    await onStep?.('inserting')
    if (points.length > 0) await store.insert(points, [])
    await onStep?.('pointsStored')
    if (texts.length > 0) await store.insert([], texts)
    await onStep?.('textsStored')
    if (lines.length > 0) await store.insert([], [], lines)
    await onStep?.('stored')
  }

  const commit = async (items: readonly Waiting[]): Promise<void> => {
    await onStep?.('committing')
    const outcomes = await repository.commit(items)
    await onStep?.('committed')
    for (const [index, item] of items.entries()) {
      const outcome = outcomes[index] ?? {
        error: new KirokuError({ code: 'INTERNAL', message: 'a batch has no outcome' }),
      }
      if ('error' in outcome && outcome.isLeftOver) await removePoints(item)
      settle(item, outcome)
    }
  }

  const removePoints = async ({ writer, version }: Waiting): Promise<void> => {
    if (version !== null) await store.removeVersion({ project: writer.projectId, run: writer.runId }, version)
  }

  /** Does `work` for all at once, and one by one when that fails, so that one bad batch fails alone. */
  const eachOrAll = async (
    items: readonly Waiting[],
    work: (items: readonly Waiting[]) => Promise<void>,
  ): Promise<Waiting[]> => {
    const done: Waiting[] = []
    const attempt = async (some: readonly Waiting[]): Promise<unknown> => {
      try {
        if (some.length > 0) await work(some)
        done.push(...some)
        return undefined
      } catch (error) {
        return error ?? new Error('failed')
      }
    }
    const failure = await attempt(items)
    if (failure === undefined) return done
    for (const item of items) {
      const error = items.length > 1 ? await attempt([item]) : failure
      if (error !== undefined) settle(item, { error })
    }
    return done
  }

  /** Takes room for a batch; one that is alone always finds it. */
  const takeRoom = (bytes: number, isAlone: boolean): (() => void) => {
    if (isClosed) throw busy('the server is stopping')
    if (!isAlone && admittedBytes + bytes > maxAdmittedBytes)
      throw busy(
        `too many batches are under way: those that are read, decoded or stored at once may take ${maxAdmittedBytes / 2 ** 20} MiB of memory`,
      )
    admittedBytes += bytes
    let isHeld = true
    return () => {
      if (isHeld) admittedBytes -= bytes
      isHeld = false
    }
  }

  const acceptRead = async (
    scope: OrganizationScope,
    bytes: Uint8Array,
    position: WireValue | undefined,
  ): Promise<BatchAck> => {
    const { batch, rejected } = readHistoryBatch(bytes)
    trimBatch(batch, 0)
    await onStep?.('parsed')
    const writer = await findWriter(scope, batch)
    const committed = await enqueue(writer, { batch, position, bytes: bytes.byteLength })
    await onStep?.('answering')
    return {
      ackSeq: committed.ackSeq,
      nextBatchMs: pace.next(writer.writerId),
      rejected: shortened([...rejected, ...committed.rejected]),
      otherWriters: committed.otherWriters,
      isStopAsked: committed.isStopAsked,
    }
  }

  return {
    admit(bytes) {
      const giveBack = takeRoom(bytes, admitted.size === 0)
      const release = (): void => {
        admitted.delete(release)
        giveBack()
      }
      admitted.add(release)
      onStep?.('admitted')
      return release
    },
    async accept(scope, bytes, position) {
      const release = takeRoom(headerBytesOf(bytes) * memoryOfJson, admitted.size <= 1)
      try {
        return await acceptRead(scope, bytes, position)
      } finally {
        release()
      }
    },
    async quiet(runId) {
      forget((writer) => writer.runId === runId)
      await Promise.all([...underWay].flatMap(([settled, run]) => (run === runId ? [settled] : [])))
      await repository.settled()
    },
    async close() {
      isClosed = true
      await pump
    },
  }
}

/** Of many the first, and how many more there are: a writer reads no answer that is longer than its batch. */
function shortened(rejected: readonly Rejection[]): Rejection[] {
  if (rejected.length <= maxToldRejections) return [...rejected]
  const others = rejected.length - maxToldRejections
  const reason = `${others} more values cannot be stored either`
  return [...rejected.slice(0, maxToldRejections), { metric: 'the batch', reason }]
}

function busy(message: string): KirokuError {
  return new KirokuError({ code: 'UNAVAILABLE', message, details: { retryAfterMs } })
}

function toBlock(
  key: { project: string; run: string; version: number },
  stream: Stream,
  { seqs, steps, times, metrics }: RowBlock,
): PointBlock[] {
  return seqs.length > 0 && metrics.length > 0 ? [{ ...key, stream, steps, times, metrics }] : []
}
