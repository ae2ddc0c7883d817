import * as z from 'zod'
import type { Engine } from './engine/engine.ts'
import { bucketSeriesColumn, placeColumn, placedStepColumn } from './rollups/place.ts'
import { packedColumns } from './rollups/stored-fields.ts'
import { createTable, type Table } from './tables.ts'

/**
 * One change of the tables: those that it makes, and statements for each server's own ones. It may run again after a kill in
 * between, so each must leave things as they are when it was done before.
 */
type Migration = { id: number; name: string; changes: readonly (Table | string | Conditional)[] }

/** A statement for servers that know a setting of MergeTree tables. */
type Conditional = { ifSetting: string; sql: string }

/** What makes an acknowledged row survive a loss of power: parts and their directories are synced, merged ones too. */
const durable = 'fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1'

/** Parts that were merged or lost rows leave the disk within two minutes, and not within twenty. */
const soonGone = 'old_parts_lifetime = 60, max_cleanup_delay_period = 60'

/** The codecs are the smallest on real and on noisy curves of those that were tried; the README has the numbers. */
const curves = 'CODEC(Delta, ZSTD(3))'

/**
 * A deep zoom reads about a thousand points each of many runs, so granules are that small. Each is compressed by itself in a compact
 * part, where a real run then takes half as much room again: so parts of 1 MB, before compression, are wide.
 */
const deepZoom = 'index_granularity = 1024, min_bytes_for_wide_part = 1048576'

/**
 * What a deep zoom reads of a column is a block for each of its runs, of 64 KB before compression where nothing else is said: smaller ones
 * take less time, and more room for values that come again and again, such as those of few digits. Level 6 takes that room back, and no
 * time to unpack; steps and times of noise it only makes larger.
 */
const blocksOf = (bytes: number): string =>
  `SETTINGS (min_compress_block_size = ${bytes}, max_compress_block_size = ${bytes})`
const inSmallBlocks = blocksOf(16_384)
const measured = `CODEC(Delta, ZSTD(6)) ${blocksOf(32_768)}`

/** Of rows with the same sorting key the one with the highest `version` stands. */
const newestStands = { family: 'ReplacingMergeTree', parameters: 'version' } as const

/** All changes, oldest first. A change that was released is never edited: append another. */
export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'points and texts',
    changes: [
      {
        name: 'points',
        columns: `
          project UUID CODEC(ZSTD),
          run UUID CODEC(ZSTD),
          stream Enum8('history' = 0, 'system' = 1),
          metric LowCardinality(String),
          ${placedStepColumn} ${inSmallBlocks},
          step Int64 CODEC(DoubleDelta, ZSTD) ${inSmallBlocks},
          time Int64 ${curves} ${inSmallBlocks},
          value Float64 ${measured},
          version UInt64 CODEC(DoubleDelta, ZSTD)`,
        engine: newestStands,
        orderBy: '(project, run, stream, metric, step)',
        settings: `${durable}, ${deepZoom}`,
      },
      {
        name: 'texts',
        columns: `
          project UUID CODEC(ZSTD),
          run UUID CODEC(ZSTD),
          metric LowCardinality(String),
          step Int64 CODEC(DoubleDelta, ZSTD),
          time Int64 ${curves},
          value String CODEC(ZSTD(3)),
          version UInt64 CODEC(DoubleDelta, ZSTD)`,
        engine: newestStands,
        orderBy: '(project, run, metric, step)',
        settings: durable,
      },
    ],
  },
  {
    id: 2,
    name: 'console lines',
    changes: [
      {
        name: 'console',
        columns: `
          project UUID CODEC(ZSTD),
          run UUID CODEC(ZSTD),
          writer UUID CODEC(ZSTD),
          label Nullable(String) CODEC(ZSTD),
          line UInt64 CODEC(DoubleDelta, ZSTD),
          stream Enum8('stdout' = 0, 'stderr' = 1),
          time Int64 ${curves},
          text String CODEC(ZSTD(3)),
          version UInt64 CODEC(DoubleDelta, ZSTD)`,
        engine: newestStands,
        orderBy: '(project, run, writer, line)',
        settings: durable,
      },
    ],
  },
  {
    id: 3,
    name: 'rollups',
    changes: [
      // Which granules have points that the rollups do not know yet. Parts from before get it in the background.
      'ALTER TABLE points ADD INDEX IF NOT EXISTS newest version TYPE minmax GRANULARITY 8',
      'ALTER TABLE points MATERIALIZE INDEX newest SETTINGS mutations_sync = 0',
      {
        name: 'rollups',
        columns: `
            project UUID CODEC(ZSTD),
            run UUID CODEC(ZSTD),
            stream Enum8('history' = 0, 'system' = 1),
            metric LowCardinality(String),
            level UInt8 CODEC(DoubleDelta, ZSTD),
            ${placeColumn},
            ${bucketSeriesColumn},
            ${packedColumns},
            isTimeRising UInt8 CODEC(ZSTD),
            isValueRising UInt8 CODEC(ZSTD),
            stepHash UInt64 CODEC(ZSTD),
            openLevels Array(UInt8) CODEC(ZSTD),
            openStarts Array(Int64) CODEC(ZSTD),
            validFrom UInt64 CODEC(ZSTD),
            version UInt64 CODEC(DoubleDelta, ZSTD)`,
        engine: newestStands,
        // A chart reads one level of one metric of many runs, a window of it a few buckets of each: so these lie together.
        orderBy: '(place, run, start, stream, metric)',
        settings: `${durable}, ${soonGone}, index_granularity = 64, min_compress_block_size = 8192, max_compress_block_size = 8192`,
      },
      {
        name: 'rollup_progress',
        isOnEveryShard: true,
        columns: 'id UInt8, version UInt64',
        engine: newestStands,
        orderBy: 'id',
        settings: durable,
      },
      {
        name: 'rollup_resets',
        columns: 'project UUID, run UUID, version UInt64',
        engine: newestStands,
        orderBy: '(project, run)',
        settings: durable,
      },
      ...['points', 'texts', 'console'].map((table) => `ALTER TABLE ${table} MODIFY SETTING ${soonGone}`),
      // No query here is planned by statistics of columns, which take more room than the rollups of a short run.
      ...['points', 'texts', 'console', 'rollups'].map((table) => ({
        ifSetting: 'auto_statistics_types',
        sql: `ALTER TABLE ${table} MODIFY SETTING auto_statistics_types = ''`,
      })),
    ],
  },
]

const bookkeeping: Table = {
  name: 'migrations',
  columns: 'id UInt32, name String, appliedAt DateTime64(3) DEFAULT now64(3)',
  engine: { family: 'ReplacingMergeTree' },
  orderBy: 'id',
  settings: durable,
}

/**
 * Brings the tables to what this release expects, in order, and records each change. Safe to run at the same time twice.
 * `create` says how the engine makes a table.
 */
export async function migrate(
  engine: Engine,
  create: (table: Table) => readonly string[] = (table) => [createTable(table)],
): Promise<void> {
  await engine.command({ sql: createTable(bookkeeping) })
  const done = await engine.query({ sql: 'SELECT id FROM migrations', row: z.object({ id: z.number() }) })
  const applied = new Set(done.map(({ id }) => id))
  for (const { id, name, changes } of migrations) {
    if (applied.has(id)) continue
    for (const change of changes) {
      if (typeof change === 'string') await engine.command({ sql: change })
      else if ('ifSetting' in change) await alterIf(engine, change)
      else for (const sql of create(change)) await engine.command({ sql })
    }
    await engine.command({
      sql: 'INSERT INTO migrations (id, name) SELECT {id:UInt32}, {name:String}',
      parameters: { id, name },
    })
  }
}

async function alterIf(engine: Engine, { ifSetting, sql }: Conditional): Promise<void> {
  const known = await engine.query({
    sql: 'SELECT name FROM system.merge_tree_settings WHERE name = {ifSetting:String}',
    parameters: { ifSetting },
    row: z.object({ name: z.string() }),
  })
  if (known.length > 0) await engine.command({ sql })
}
