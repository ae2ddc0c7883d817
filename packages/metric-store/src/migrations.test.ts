import { expect, test } from 'vitest'
import { migrations } from './migrations.ts'
import { createTable } from './tables.ts'

/** What earlier releases ran on single engines, and must stay. */
const released: Readonly<Record<number, readonly string[]>> = {
  1: [
    `CREATE TABLE IF NOT EXISTS points (
     project UUID CODEC(ZSTD),
     run UUID CODEC(ZSTD),
     stream Enum8('history' = 0, 'system' = 1),
     metric LowCardinality(String),
     placedStep UInt64 MATERIALIZED bitAnd(sipHash64(project, run, toUInt8(stream), toString(metric)), 18446744073709486080) + toUInt64(step) CODEC(Delta, LZ4) SETTINGS (min_compress_block_size = 16384, max_compress_block_size = 16384),
     step Int64 CODEC(DoubleDelta, ZSTD) SETTINGS (min_compress_block_size = 16384, max_compress_block_size = 16384),
     time Int64 CODEC(Delta, ZSTD(3)) SETTINGS (min_compress_block_size = 16384, max_compress_block_size = 16384),
     value Float64 CODEC(Delta, ZSTD(6)) SETTINGS (min_compress_block_size = 32768, max_compress_block_size = 32768),
     version UInt64 CODEC(DoubleDelta, ZSTD)
   ) ENGINE = ReplacingMergeTree(version)
   ORDER BY (project, run, stream, metric, step)
   SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, index_granularity = 1024, min_bytes_for_wide_part = 1048576`,
    `CREATE TABLE IF NOT EXISTS texts (
     project UUID CODEC(ZSTD),
     run UUID CODEC(ZSTD),
     metric LowCardinality(String),
     step Int64 CODEC(DoubleDelta, ZSTD),
     time Int64 CODEC(Delta, ZSTD(3)),
     value String CODEC(ZSTD(3)),
     version UInt64 CODEC(DoubleDelta, ZSTD)
   ) ENGINE = ReplacingMergeTree(version)
   ORDER BY (project, run, metric, step)
   SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1`,
  ],
  2: [
    `CREATE TABLE IF NOT EXISTS console (
     project UUID CODEC(ZSTD),
     run UUID CODEC(ZSTD),
     writer UUID CODEC(ZSTD),
     label Nullable(String) CODEC(ZSTD),
     line UInt64 CODEC(DoubleDelta, ZSTD),
     stream Enum8('stdout' = 0, 'stderr' = 1),
     time Int64 CODEC(Delta, ZSTD(3)),
     text String CODEC(ZSTD(3)),
     version UInt64 CODEC(DoubleDelta, ZSTD)
   ) ENGINE = ReplacingMergeTree(version)
   ORDER BY (project, run, writer, line)
   SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1`,
  ],
}

const onOneLine = (sql: string): string => sql.replaceAll(/\s+/g, ' ').replaceAll('( ', '(').replaceAll(' )', ')')

test('what was released makes the same tables on a single engine as ever', () => {
  for (const [id, statements] of Object.entries(released)) {
    const migration = migrations.find((candidate) => candidate.id === Number(id))
    expect(
      migration?.changes
        .map((change) => (typeof change === 'string' ? change : 'sql' in change ? change.sql : createTable(change)))
        .map(onOneLine),
    ).toEqual(statements.map(onOneLine))
  }
})
