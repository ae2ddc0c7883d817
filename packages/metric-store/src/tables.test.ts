import { expect, test } from 'vitest'
import { createClusterTable, type Table } from './tables.ts'

const table: Table = {
  name: 'points',
  columns: 'run UUID, version UInt64',
  engine: { family: 'ReplacingMergeTree', parameters: 'version' },
  orderBy: 'run',
  settings: 'fsync_after_insert = 1',
}
const place = { cluster: 'prod', spread: 'kiroku', local: 'kiroku_local' }
const onOneLine = (sql: string): string => sql.replaceAll(/\s+/g, ' ')

test('a table of a cluster is one of the shard and one over all shards, by the run', () => {
  expect(createClusterTable(table, { ...place, isReplicated: false }).map(onOneLine)).toEqual([
    'CREATE TABLE IF NOT EXISTS points (run UUID, version UInt64 ) ENGINE = ReplacingMergeTree(version) ' +
      'ORDER BY run SETTINGS fsync_after_insert = 1',
    'CREATE TABLE IF NOT EXISTS `kiroku`.points AS `kiroku_local`.points ' +
      "ENGINE = Distributed('prod', 'kiroku_local', 'points', toUInt64(toUInt128(run) % 18446744073709551557))",
  ])
})

test('a table that is on every shard is read where one is', () => {
  const [, all] = createClusterTable(
    { ...table, name: 'progress', isOnEveryShard: true },
    { ...place, isReplicated: false },
  )
  expect(all).toBe('CREATE VIEW IF NOT EXISTS `kiroku`.progress AS SELECT * FROM `kiroku_local`.progress')
})

test('with a Keeper the table of the shard is replicated', () => {
  const [local] = createClusterTable(table, { ...place, isReplicated: true })
  expect(onOneLine(local ?? '')).toContain(
    "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/kiroku/{shard}/kiroku_local/points', '{replica}', version) ORDER BY run",
  )
  const plain: Table = { ...table, engine: { family: 'MergeTree' } }
  expect(createClusterTable(plain, { ...place, isReplicated: true })[0]).toContain("/points', '{replica}')\n")
})
