import type { ClickHouseSettings } from '@clickhouse/client'
import { KirokuError } from '@kiroku/core/errors'
import { isUnreachable } from './failures.ts'
import { openServerEngine, type ServerEngine } from './server-engine.ts'

const pingTimeoutMs = 2000
/** So long a server that answered counts as there, and one that did not as lost. */
const knownForMs = 2000

/** What a server of a cluster is told with each statement, by the replicas that a shard has. */
export const clusterSettings = (replicas: number): ClickHouseSettings => ({
  // An insert is answered when the rows are with their shards; there their tables say what is synced.
  distributed_foreground_insert: 1,
  // The first replica that answers is written and read, also when the server that is asked is another one.
  load_balancing: 'in_order',
  use_hedged_requests: 0,
  ...(replicas > 1 && { prefer_localhost_replica: 0 }),
  // Versions tell what stands. A block that comes again after its rows were deleted, as that of a fork, is no duplicate.
  insert_deduplicate: 0,
  // A replica that is away deletes when it is back, and is not waited for.
  lightweight_deletes_sync: '1',
})

/** The two sides of a server of a cluster: its shard's own rows, and the tables over the rows of all shards. */
export type NodeSides = { local: ServerEngine; spread: ServerEngine }

/** One server of a cluster. */
export type ClusterNode = {
  /** Does `work` with it, once it is prepared. Throws a `KirokuError` for which `isLost` holds when it does not answer. */
  use<T>(work: (sides: NodeSides) => Promise<T>): Promise<T>
  /** Whether it answered when it was last asked. */
  isThere(): boolean
  close(): Promise<void>
}

export type ClusterNodeOptions = {
  settings: ClickHouseSettings
  /** Its addresses with the databases of both sides; asked again whenever it was lost. */
  locate(): Promise<{ local: string; spread: string }>
  /** Brings its tables up to date; done when it is first heard of, and again when it was lost. */
  prepare(sides: NodeSides): Promise<void>
}

/** Whether a statement failed because the server does not answer, so that another one may be asked. */
export function isLost(error: unknown): boolean {
  return error instanceof KirokuError && error.code === 'UNAVAILABLE' && isUnreachable(error)
}

/** A server that is asked whether it is there before it gets a statement, so that one that is gone holds up nothing. */
export function createClusterNode({ settings, locate, prepare }: ClusterNodeOptions): ClusterNode {
  let opened: { address: string; sides: NodeSides } | undefined
  let preparing: Promise<NodeSides> | undefined
  let heardAt = Number.NEGATIVE_INFINITY
  let lost: { at: number; error: unknown } | undefined

  const open = async (): Promise<NodeSides> => {
    const { local, spread } = await locate()
    await ping(local)
    if (opened?.address !== local) {
      await closeSides(opened?.sides)
      opened = undefined
      opened = {
        address: local,
        sides: { local: await openServerEngine(local, settings), spread: await openServerEngine(spread, settings) },
      }
    }
    await prepare(opened.sides)
    return opened.sides
  }

  const sidesNow = async (): Promise<NodeSides> => {
    if (opened && preparing && Date.now() - heardAt > knownForMs) await ping(opened.address)
    preparing ??= open().catch((error: unknown) => {
      preparing = undefined
      throw error
    })
    const sides = await preparing
    lost = undefined
    heardAt = Date.now()
    return sides
  }

  const lose = (error: unknown): void => {
    lost = { at: Date.now(), error }
    preparing = undefined
  }

  return {
    isThere: () => lost === undefined,
    async use(work) {
      if (lost && Date.now() - lost.at < knownForMs) throw lost.error
      try {
        const sides = await sidesNow()
        const result = await work(sides).catch(async (error: unknown) => {
          if (!isLost(error)) throw error
          // A connection that broke is not yet a server that is gone. All statements may be done again.
          await ping(opened?.address ?? '')
          return work(sides)
        })
        heardAt = Date.now()
        return result
      } catch (error) {
        if (isLost(error)) lose(error)
        throw error
      }
    },
    async close() {
      await preparing?.catch(() => {})
      await closeSides(opened?.sides)
    },
  }
}

async function closeSides(sides: NodeSides | undefined): Promise<void> {
  await sides?.local.close()
  await sides?.spread.close()
}

/** Throws `noAnswer` when nobody answers at an address in time. */
export async function ping(address: string): Promise<void> {
  const { protocol, host } = new URL(address)
  try {
    const answer = await fetch(`${protocol}//${host}/ping`, { signal: AbortSignal.timeout(pingTimeoutMs) })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`it answered ${answer.status}`)
  } catch (cause) {
    throw noAnswer(host, cause)
  }
}

/** A `KirokuError` for which `isLost` holds. */
export function noAnswer(host: string, cause?: unknown): KirokuError {
  const message = `the ClickHouse server at ${host} does not answer`
  const silence = Object.assign(new Error(message, { cause }), { code: 'ETIMEDOUT' })
  return new KirokuError({ code: 'UNAVAILABLE', message, cause: silence })
}
