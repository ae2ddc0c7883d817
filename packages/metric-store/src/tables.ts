import { identifier, quoted } from './engine/literals.ts'
import { shardingKey } from './engine/sharding.ts'

/**
 * A table, declared once for every kind of engine: `columns`, `orderBy` and `settings` as `CREATE TABLE` takes them, and the
 * engine of the MergeTree family with its own parameters, such as the version column. A table about runs has a column
 * `run UUID`; one that has not `isOnEveryShard`: what is written there is written to all of a cluster's shards, and read from
 * any.
 */
export type Table = {
  name: string
  columns: string
  engine: { family: 'MergeTree' | 'ReplacingMergeTree' | 'AggregatingMergeTree'; parameters?: string }
  orderBy: string
  settings?: string
  isOnEveryShard?: boolean
}

/** The statement that makes a table on a single engine, if it is not there. */
export function createTable(table: Table): string {
  const { family, parameters } = table.engine
  return statement(table, parameters === undefined ? family : `${family}(${parameters})`)
}

/**
 * Where a table is kept on a server of a cluster: a shard's own rows in the database `local`, and in the database `spread`
 * a table of the same name over those of all shards. `isReplicated`: its replicas share rows through Keeper, and the server
 * has the macros `shard` and `replica`.
 */
export type ClusterPlace = { cluster: string; spread: string; local: string; isReplicated: boolean }

/** The statements that make a table on one server of a cluster, if it is not there. */
export function createClusterTable(table: Table, { cluster, spread, local, isReplicated }: ClusterPlace): string[] {
  const { family, parameters } = table.engine
  const path = quoted(`/clickhouse/tables/kiroku/{shard}/${local}/${table.name}`)
  const replicated = `Replicated${family}(${[path, "'{replica}'", ...(parameters ?? '').split(',').filter(Boolean)].join(', ')})`
  const own = `${identifier(local)}.${table.name}`
  const all = `${identifier(spread)}.${table.name}`
  const shards = [quoted(cluster), quoted(local), quoted(table.name), shardingKey].join(', ')
  return [
    isReplicated ? statement(table, replicated) : createTable(table),
    table.isOnEveryShard
      ? `CREATE VIEW IF NOT EXISTS ${all} AS SELECT * FROM ${own}`
      : `CREATE TABLE IF NOT EXISTS ${all} AS ${own} ENGINE = Distributed(${shards})`,
  ]
}

function statement({ name, columns, orderBy, settings }: Table, engine: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns}
    ) ENGINE = ${engine}
    ORDER BY ${orderBy}${settings === undefined ? '' : `\n    SETTINGS ${settings}`}`
}
