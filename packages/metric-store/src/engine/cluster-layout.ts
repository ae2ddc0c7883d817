import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { Engine } from './engine.ts'

/** One server of a cluster as the servers' configuration names it. */
export type ClusterMember = { shard: number; weight: number; replica: number; host: string; port: number }

const memberSchema = z.object({
  shard: z.coerce.number(),
  weight: z.coerce.number(),
  replica: z.coerce.number(),
  host: z.string(),
  port: z.coerce.number(),
})

/** The servers of a cluster by shard, then replica. Throws BAD_REQUEST when the server knows no such cluster. */
export async function readMembers(engine: Engine, cluster: string): Promise<ClusterMember[]> {
  const members = await engine.query({
    sql: `SELECT shard_num AS shard, shard_weight AS weight, replica_num AS replica, host_name AS host, port
          FROM system.clusters WHERE cluster = {cluster:String} ORDER BY shard_num, replica_num`,
    parameters: { cluster },
    row: memberSchema,
  })
  if (members.length > 0) return members
  const known = await engine.query({
    sql: 'SELECT DISTINCT cluster AS name FROM system.clusters ORDER BY name',
    row: z.object({ name: z.string() }),
  })
  const names = known.map(({ name }) => name).join(', ') || 'none'
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `the ClickHouse server knows no cluster ${cluster}; its remote_servers name: ${names}`,
  })
}

const portSchema = z.object({ shard: z.coerce.number(), tcp: z.coerce.number(), http: z.coerce.number() })

/**
 * The ports at which the servers of a cluster that can be reached speak HTTP, by shard and native port: for those whose
 * native port is another one in the configuration, by shard alone where all of it agree.
 */
export async function readHttpPorts(
  engine: Engine,
  cluster: string,
  isSecure: boolean,
): Promise<(member: ClusterMember) => number | undefined> {
  const rows = await engine.query({
    sql: `SELECT _shard_num AS shard, tcpPort() AS tcp, getServerPort('${isSecure ? 'https_port' : 'http_port'}') AS http
          FROM clusterAllReplicas({cluster:String}, system.one) SETTINGS skip_unavailable_shards = 1`,
    parameters: { cluster },
    row: portSchema,
  })
  return ({ shard, port }) => {
    const ofShard = rows.filter((row) => row.shard === shard)
    const exact = ofShard.find(({ tcp }) => tcp === port)
    if (exact) return exact.http
    const ports = new Set(ofShard.map(({ http }) => http))
    return ports.size === 1 ? ofShard[0]?.http : undefined
  }
}

const keeperSchema = z.object({ tables: z.coerce.number(), macros: z.coerce.number() })

/**
 * Whether a server can have replicated tables: it has a Keeper, and the macros that name its shard and itself. Throws
 * BAD_REQUEST when its shard has several replicas and it cannot.
 */
export async function readsKeeper(engine: Engine, replicas: number): Promise<boolean> {
  const rows = await engine.query({
    sql: `SELECT (SELECT count() FROM system.tables WHERE database = 'system' AND name = 'zookeeper') AS tables,
                 (SELECT count() FROM system.macros WHERE macro IN ('shard', 'replica')) AS macros`,
    row: keeperSchema,
  })
  const { tables, macros } = rows[0] ?? { tables: 0, macros: 0 }
  if (tables > 0 && macros === 2) return true
  if (replicas === 1) return false
  const lacks = tables === 0 ? 'no Keeper (<zookeeper>)' : 'not the macros shard and replica'
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `a shard of the ClickHouse cluster has ${replicas} replicas, but its server has ${lacks} in its configuration`,
  })
}

const delaySchema = z.object({ delayMs: z.coerce.number() })

/**
 * How old the oldest rows are, in milliseconds, that a server's replicated tables have not got of the other replicas; endless
 * while it does not hear of them.
 */
export async function readDelayMs(engine: Engine): Promise<number> {
  const [row] = await engine.query({
    sql: `SELECT toUInt64(max(if(is_readonly OR is_session_expired, 4294967295, absolute_delay))) * 1000 AS delayMs
          FROM system.replicas WHERE database = currentDatabase()`,
    row: delaySchema,
  })
  return row?.delayMs ?? 0
}

const layoutSchema = z.object({ shard: z.coerce.number(), weights: z.array(z.coerce.number()) })

/**
 * Notes on a server which shard it is and how runs are spread, or checks it against what is noted. Throws CONFLICT when it
 * was otherwise: runs would be sought where they are not.
 */
export async function checkLayout(engine: Engine, shard: number, weights: readonly number[]): Promise<void> {
  await engine.command({
    sql: `CREATE TABLE IF NOT EXISTS layout (shard UInt32, weights Array(UInt32)) ENGINE = MergeTree ORDER BY shard
          SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  })
  const noted = await engine.query({ sql: 'SELECT DISTINCT shard, weights FROM layout', row: layoutSchema })
  if (noted.length === 0) {
    await engine.command({
      sql: 'INSERT INTO layout (shard, weights) SELECT {shard:UInt32}, {weights:Array(UInt32)}',
      parameters: { shard, weights },
    })
    return
  }
  const now = describe(shard, weights)
  const other = noted.map((row) => describe(row.shard, row.weights)).find((text) => text !== now)
  if (other === undefined) return
  throw new KirokuError({
    code: 'CONFLICT',
    message: `a server of the ClickHouse cluster was ${other} when runs were stored there, and is ${now} now; restore its configuration, or move the runs to a new cluster (docs/deployment.md)`,
  })
}

const describe = (shard: number, weights: readonly number[]): string =>
  `shard ${shard} of shards with the weights ${weights.join(', ')}`
