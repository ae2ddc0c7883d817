import { KirokuError } from '@kiroku/core/errors'
import { migrate } from '../migrations.ts'
import { createClusterTable } from '../tables.ts'
import {
  type ClusterMember,
  checkLayout,
  readDelayMs,
  readHttpPorts,
  readMembers,
  readsKeeper,
} from './cluster-layout.ts'
import {
  type ClusterNode,
  clusterSettings,
  createClusterNode,
  isLost,
  type NodeSides,
  noAnswer,
  ping,
} from './cluster-node.ts'
import type { Engine, Statement } from './engine.ts'
import { engineFailure, isUnreachable } from './failures.ts'
import { identifier } from './literals.ts'
import { openServerEngine, parseAddress } from './server-engine.ts'
import { shardOfRun } from './sharding.ts'

/** A shard: its replicas in the cluster's order, of which the first that answers is read and written. */
type Shard = { shard: number; weight: number; replicas: ClusterNode[] }

/**
 * All shards of a cluster that the server at `address` knows by the name `cluster`, with their tables up to date. A run is
 * on one shard, and what is asked of it is asked there, over that shard's own tables; rows come in by a `Distributed` table,
 * which sends each to the shard of its run. Shards that do not answer are prepared when they do.
 *
 * Throws BAD_REQUEST for an unknown cluster, CONFLICT when its shards are not those that the tables were made for,
 * UNAVAILABLE when no server of it answers.
 */
export async function openClusterEngine(address: string, cluster: string): Promise<Engine> {
  const { url, database } = parseAddress(address)
  const place = { cluster, spread: database, local: `${database}_local` }
  const isSecure = new URL(url).protocol === 'https:'
  const entry = await openServerEngine(address)
  const shards = await readMembers(entry, cluster).then(shardsOf, async (error: unknown) => {
    await entry.close()
    throw error
  })
  const nodes = shards.flatMap(({ replicas }) => replicas)
  const weights = shards.map(({ weight }) => weight)

  function shardsOf(all: readonly ClusterMember[]): Shard[] {
    return [...new Set(all.map(({ shard }) => shard))].map((number) => {
      const own = all.filter(({ shard }) => shard === number)
      const shard: Shard = { shard: number, weight: own[0]?.weight ?? 1, replicas: [] }
      shard.replicas = own.map((member) =>
        createClusterNode({
          settings: clusterSettings(own.length),
          locate: () => locate(member),
          prepare: (sides) => prepare(shard, sides),
        }),
      )
      return shard
    })
  }

  /** Any server tells where those speak HTTP that it reaches. */
  async function locate(member: ClusterMember): Promise<{ local: string; spread: string }> {
    const ask = (engine: Engine): ReturnType<typeof readHttpPorts> => readHttpPorts(engine, cluster, isSecure)
    const others = nodes.filter((node) => node.isThere() && node !== nodeOf(member))
    const sources = [
      () => ping(address).then(() => ask(entry)),
      ...others.map((node) => () => node.use(({ spread }) => ask(spread))),
    ]
    let port: number | undefined
    for (const source of sources) {
      port = (await source().catch(() => undefined))?.(member)
      if (port !== undefined) break
    }
    if (port === undefined) throw noAnswer(member.host)
    const of = (name: string): string => {
      const target = new URL(url)
      target.hostname = member.host.includes(':') ? `[${member.host}]` : member.host
      target.port = String(port)
      target.pathname = `/${encodeURIComponent(name)}`
      return target.toString()
    }
    return { local: of(place.local), spread: of(place.spread) }
  }

  function nodeOf({ shard, replica }: ClusterMember): ClusterNode | undefined {
    return shards.find((candidate) => candidate.shard === shard)?.replicas[replica - 1]
  }

  async function prepare(shard: Shard, { local }: NodeSides): Promise<void> {
    await checkLayout(local, shard.shard, weights)
    const isReplicated = await readsKeeper(local, shard.replicas.length)
    await migrate(local, (table) => createClusterTable(table, { ...place, isReplicated }))
  }

  /** Does `work` on the first replica that answers. */
  async function onShard<T>(shard: Shard, work: (sides: NodeSides) => Promise<T>): Promise<T> {
    let cause: unknown
    for (const replica of shard.replicas) {
      try {
        return await replica.use(work)
      } catch (error) {
        if (!isLost(error)) throw error
        cause = error
      }
    }
    const message = `shard ${shard.shard} of the ClickHouse cluster ${cluster} does not answer`
    throw new KirokuError({ code: 'UNAVAILABLE', message, details: { missingShards: [shard.shard] }, cause })
  }

  /** Does `work` on any server that answers, the next one each time, so that all of them take a share. */
  let turn = 0
  async function onAny<T>(work: (sides: NodeSides) => Promise<T>): Promise<T> {
    const first = turn++ % nodes.length
    let cause: unknown
    for (const node of [...nodes.slice(first), ...nodes.slice(0, first)]) {
      try {
        return await node.use(work)
      } catch (error) {
        if (!isLost(error)) throw error
        cause = error
      }
    }
    const message = `no server of the ClickHouse cluster ${cluster} answers`
    throw new KirokuError({ code: 'UNAVAILABLE', message, cause })
  }

  function concerned({ parameters = {}, isOfServers }: Statement): Shard[] | null {
    if (isOfServers) return shards
    const { run, runs } = parameters
    if (typeof run !== 'string' && !Array.isArray(runs)) return null
    const ids = typeof run === 'string' ? [run] : Array.isArray(runs) ? runs : []
    const numbers = new Set(ids.map((id) => shardOfRun(String(id), shards)))
    return shards.filter(({ shard }) => numbers.has(shard))
  }

  /** Rows of all shards that a statement concerns; without runs it is asked once, over the tables of all shards. */
  async function rowsOf<Row>(
    statement: Statement,
    read: (engine: Engine) => Promise<Row[]>,
    onMissing: ((shard: number) => void) | undefined,
  ): Promise<Row[]> {
    const meant = concerned(statement)
    if (meant === null) return onAny(({ spread }) => read(spread))
    const parts = await Promise.all(
      meant.map(async (shard) => {
        try {
          return await onShard(shard, ({ local }) => read(local))
        } catch (error) {
          if (onMissing === undefined || !isLost(error)) throw error
          onMissing(shard.shard)
          return []
        }
      }),
    )
    return parts.flat()
  }

  const engineWith = (onMissing: ((shard: number) => void) | undefined): Engine => ({
    async command(statement) {
      await Promise.all(
        (concerned(statement) ?? shards).map((shard) => onShard(shard, ({ local }) => local.command(statement))),
      )
    },
    async upkeep(statement) {
      await Promise.all(
        (concerned(statement) ?? shards).map((shard) => onShard(shard, ({ local }) => local.upkeep(statement))),
      )
    },
    query: (statement) => rowsOf(statement, (engine) => engine.query(statement), onMissing),
    columns: (statement) => rowsOf(statement, (engine) => engine.columns(statement), onMissing),
    untrusted: (statement) =>
      onAny(({ spread }) =>
        spread.untrusted(statement).catch((cause: unknown) => {
          // Otherwise what the server says is for the caller to read.
          throw isUnreachable(cause) ? engineFailure('query', cause) : cause
        }),
      ),
    /**
     * A query over several servers that is stopped, or loses one, has ended the ClickHouse 26.7 that tests start by SIGABRT, and a user may
     * stop a query at any time. So each server is asked for its own rows, and what is the user's runs over all of them on one.
     */
    gather: async (statement) => {
      const pieces = await Promise.all(
        (concerned(statement) ?? shards).map((shard) => onShard(shard, ({ local }) => local.native(statement))),
      )
      if (pieces.reduce((sum, { byteLength }) => sum + byteLength, 0) > statement.maxBytes)
        throw new KirokuError({ code: 'TOO_LARGE', message: 'the rows of all shards are too many' })
      return pieces
    },
    insert: (insert) => onAny(({ spread }) => spread.insert(insert)),
    spread: (table) => `${identifier(place.spread)}.${table}`,
    leavingOut: engineWith,
    async isBehind(ms) {
      const replicas = shards.flatMap((shard) => (shard.replicas.length > 1 ? shard.replicas : []))
      const delays = await Promise.all(
        replicas.map((replica) =>
          replica
            .use(({ local }) => readDelayMs(local))
            .catch((error: unknown) => {
              if (isLost(error)) return 0
              throw error
            }),
        ),
      )
      return delays.some((delayMs) => delayMs > ms)
    },
    freeze: () => onAny(({ spread }) => spread.freeze(async () => {})),
    async close() {
      await Promise.all([entry, ...nodes].map((each) => each.close()))
    },
  })
  const engine = engineWith(undefined)

  // Every server that answers is brought up to date now; of those that do not, one must remain.
  const outcomes = await Promise.allSettled(nodes.map((node) => node.use(async () => {})))
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  const failure =
    failures.find((error) => !isLost(error)) ?? (failures.length === nodes.length ? failures[0] : undefined)
  if (failure !== undefined) {
    await engine.close()
    throw failure
  }
  return engine
}
