import * as z from 'zod'
import type { Engine } from './engine/engine.ts'

/**
 * One change of the tables. Its statements may run again after a kill in between, so each must leave things as they are
 * when it was done before.
 */
type Migration = { id: number; name: string; statements: readonly string[] }

/** What makes an acknowledged row survive a loss of power: parts and their directories are synced, merged ones too. */
const durable = 'fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1'

/** The codecs are the smallest on real and on noisy curves of those that were tried; the README has the numbers. */
const curves = 'CODEC(Delta, ZSTD(3))'

/** All changes, oldest first. A change that was released is never edited: append another. */
const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'points and texts',
    statements: [
      `CREATE TABLE IF NOT EXISTS points (
         project UUID CODEC(ZSTD),
         run UUID CODEC(ZSTD),
         stream Enum8('history' = 0, 'system' = 1),
         metric LowCardinality(String),
         step Int64 CODEC(DoubleDelta, ZSTD),
         time Int64 ${curves},
         value Float64 ${curves},
         version UInt64 CODEC(DoubleDelta, ZSTD)
       ) ENGINE = ReplacingMergeTree(version)
       ORDER BY (project, run, stream, metric, step)
       SETTINGS ${durable}`,
      `CREATE TABLE IF NOT EXISTS texts (
         project UUID CODEC(ZSTD),
         run UUID CODEC(ZSTD),
         metric LowCardinality(String),
         step Int64 CODEC(DoubleDelta, ZSTD),
         time Int64 ${curves},
         value String CODEC(ZSTD(3)),
         version UInt64 CODEC(DoubleDelta, ZSTD)
       ) ENGINE = ReplacingMergeTree(version)
       ORDER BY (project, run, metric, step)
       SETTINGS ${durable}`,
    ],
  },
  {
    id: 2,
    name: 'console lines',
    statements: [
      `CREATE TABLE IF NOT EXISTS console (
         project UUID CODEC(ZSTD),
         run UUID CODEC(ZSTD),
         writer UUID CODEC(ZSTD),
         label Nullable(String) CODEC(ZSTD),
         line UInt64 CODEC(DoubleDelta, ZSTD),
         stream Enum8('stdout' = 0, 'stderr' = 1),
         time Int64 ${curves},
         text String CODEC(ZSTD(3)),
         version UInt64 CODEC(DoubleDelta, ZSTD)
       ) ENGINE = ReplacingMergeTree(version)
       ORDER BY (project, run, writer, line)
       SETTINGS ${durable}`,
    ],
  },
  {
    id: 3,
    name: 'rollups',
    statements: [
      // Which granules have points that the rollups do not know yet. Parts from before get it in the background.
      'ALTER TABLE points ADD INDEX IF NOT EXISTS newest version TYPE minmax GRANULARITY 1',
      'ALTER TABLE points MATERIALIZE INDEX newest SETTINGS mutations_sync = 0',
      // Steps and times are kept as distances from those of the bucket's start or end: most are the same in every bucket.
      `CREATE TABLE IF NOT EXISTS rollups (
         project UUID CODEC(ZSTD),
         run UUID CODEC(ZSTD),
         stream Enum8('history' = 0, 'system' = 1),
         metric LowCardinality(String),
         level UInt8 CODEC(DoubleDelta, ZSTD),
         start Int64 CODEC(DoubleDelta, ZSTD),
         startTime Int64 ${curves},
         lastStep Int64 CODEC(T64, ZSTD),
         lastTime Int64 CODEC(T64, ZSTD),
         count UInt64 CODEC(T64, ZSTD),
         nanCount UInt64 CODEC(T64, ZSTD),
         positiveInfinityCount UInt64 CODEC(T64, ZSTD),
         negativeInfinityCount UInt64 CODEC(T64, ZSTD),
         firstStep Int64 CODEC(T64, ZSTD),
         firstTime Int64 CODEC(T64, ZSTD),
         first Float64 ${curves},
         finalStep Int64 CODEC(T64, ZSTD),
         finalTime Int64 CODEC(T64, ZSTD),
         last Float64 ${curves},
         minStep Int64 CODEC(T64, ZSTD),
         minTime Int64 CODEC(T64, ZSTD),
         min Float64 ${curves},
         maxStep Int64 CODEC(T64, ZSTD),
         maxTime Int64 CODEC(T64, ZSTD),
         max Float64 ${curves},
         sum Float64 ${curves},
         deviation Float64 CODEC(ZSTD(3)),
         isTimeRising UInt8 CODEC(ZSTD),
         isValueRising UInt8 CODEC(ZSTD),
         stepHash UInt64 CODEC(ZSTD),
         openLevels Array(UInt8) CODEC(ZSTD),
         openStarts Array(Int64) CODEC(ZSTD),
         validFrom UInt64 CODEC(ZSTD),
         version UInt64 CODEC(DoubleDelta, ZSTD)
       ) ENGINE = ReplacingMergeTree(version)
       ORDER BY (project, run, stream, metric, level, start)
       SETTINGS ${durable}, index_granularity = 256`,
      `CREATE TABLE IF NOT EXISTS rollup_progress (id UInt8, version UInt64)
       ENGINE = ReplacingMergeTree(version) ORDER BY id SETTINGS ${durable}`,
      `CREATE TABLE IF NOT EXISTS rollup_resets (project UUID, run UUID, version UInt64)
       ENGINE = ReplacingMergeTree(version) ORDER BY (project, run) SETTINGS ${durable}`,
    ],
  },
]

/** Brings the tables to what this release expects, in order, and records each change. Safe to run at the same time twice. */
export async function migrate(engine: Engine): Promise<void> {
  await engine.command({
    sql: `CREATE TABLE IF NOT EXISTS migrations (id UInt32, name String, appliedAt DateTime64(3) DEFAULT now64(3))
          ENGINE = ReplacingMergeTree ORDER BY id SETTINGS ${durable}`,
  })
  const done = await engine.query({ sql: 'SELECT id FROM migrations', row: z.object({ id: z.number() }) })
  const applied = new Set(done.map(({ id }) => id))
  for (const { id, name, statements } of migrations) {
    if (applied.has(id)) continue
    for (const sql of statements) await engine.command({ sql })
    await engine.command({
      sql: 'INSERT INTO migrations (id, name) SELECT {id:UInt32}, {name:String}',
      parameters: { id, name },
    })
  }
}
