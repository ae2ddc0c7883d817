import { runFields } from '@kiroku/core/run-paths'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { isLiveSql } from '../../database/live-runs.ts'
import { lockIds } from '../../database/lock-ids.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { fieldSql } from './run-values.repository.ts'

/** How large a chunk is. `maxRunBytes`: a run whose documents take more in PostgreSQL is in none. */
export type ChunkLimits = { runs: number; bytes: number; maxRunBytes: number }

/**
 * Looks after the chunks of all organizations on the server's own behalf: nothing of what it reads reaches a caller, and so
 * it needs no scope. Where another server does the same at this moment, nothing is done.
 */
export type RunChunksRepository = {
  /** The id of a project that has runs for a chunk, which do not change any more; null when there is none. */
  findProject(limits: ChunkLimits): Promise<string | null>
  /** Gathers a project's oldest such runs in a chunk; false when they are not enough for one. */
  gather(projectId: string, limits: ChunkLimits): Promise<boolean>
  /**
   * Takes a chunk apart that half of its runs have left, or one a day ago, of which nothing must be kept; false when there is none.
   */
  dissolve(): Promise<boolean>
}

const idRowsSchema = z.array(z.object({ id: z.string() }))

/** Keeps the values of runs by column. */
export function createRunChunksRepository(database: Database): RunChunksRepository {
  return {
    async findProject(limits) {
      const { rows } = await database.session((connection) =>
        connection.query(
          `SELECT project_id AS id FROM run WHERE ${settled} AND ${bytes} <= $3 GROUP BY project_id
           HAVING count(*) >= $1 OR sum(${bytes}) >= $2 LIMIT 1`,
          [limits.runs, limits.bytes, limits.maxRunBytes],
        ),
      )
      return idRowsSchema.parse(rows)[0]?.id ?? null
    },

    gather: (projectId, limits) =>
      alone(database, async (connection) => {
        const ids = await lockSettled(connection, projectId, limits)
        if (ids === null) return false
        await saveChunk(connection, projectId, ids)
        return true
      }),

    dissolve: () =>
      alone(database, async (connection) => {
        const { rows } = await connection.query(
          `SELECT c.id FROM run_chunk c JOIN (
             SELECT chunk_id, count(*) AS gaps, min(left_at) AS since FROM run_chunk_gap GROUP BY chunk_id) g
             ON g.chunk_id = c.id
           WHERE g.gaps * 2 >= c.size OR g.since < now() - interval '1 day' ORDER BY c.id LIMIT 1`,
        )
        const [chunk] = idRowsSchema.parse(rows)
        if (!chunk) return false
        // In the order in which batches lock runs.
        const { rows: members } = await connection.query(
          `SELECT id FROM run WHERE id IN (SELECT unnest(runs) FROM run_chunk WHERE id = $1) AND chunk_id = $1
           ORDER BY id FOR UPDATE`,
          [chunk.id],
        )
        const ids = idRowsSchema.parse(members).map(({ id }) => id)
        await connection.query('UPDATE run SET chunk_id = NULL WHERE id = ANY($1)', [ids])
        await connection.query('DELETE FROM run_chunk WHERE id = $1', [chunk.id])
        return true
      }),
  }
}

const lockRowsSchema = z.tuple([z.object({ isMine: z.boolean() })])

function alone(database: Database, work: (connection: Connection) => Promise<boolean>): Promise<boolean> {
  return database.transaction(async (connection) => {
    const { rows } = await connection.query('SELECT pg_try_advisory_xact_lock($1) AS "isMine"', [lockIds.runChunks])
    return lockRowsSchema.parse(rows)[0].isMine && work(connection)
  })
}

const settled = `chunk_id IS NULL AND deleted_at IS NULL AND NOT ${isLiveSql('state')} AND pending IS NULL`
const bytes = '(pg_column_size(config) + pg_column_size(summary))'

const weighedRowsSchema = z.array(z.object({ id: z.string(), bytes: z.number() }))

/** Runs of one project, locked until the transaction ends; null when they are not enough for a chunk. */
async function lockSettled(connection: Connection, projectId: string, limits: ChunkLimits): Promise<string[] | null> {
  const { rows } = await connection.query(
    `SELECT id, ${bytes} AS bytes FROM run WHERE project_id = $1 AND ${settled} AND ${bytes} <= $3
     ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED`,
    [projectId, limits.runs, limits.maxRunBytes],
  )
  const ids: string[] = []
  let total = 0
  for (const run of weighedRowsSchema.parse(rows)) {
    if (total >= limits.bytes) break
    ids.push(run.id)
    total += run.bytes
  }
  return ids.length >= limits.runs || total >= limits.bytes ? ids : null
}

const fields = Prisma.join(
  runFields.map((field) => Prisma.sql`(${field}::text, ${fieldSql[field].number}, ${fieldSql[field].text})`),
)

async function saveChunk(connection: Connection, projectId: string, ids: readonly string[]): Promise<void> {
  const { rows } = await connection.query(
    'INSERT INTO run_chunk (project_id, size, runs) VALUES ($1, $2, $3) RETURNING id',
    [projectId, ids.length, ids],
  )
  const chunkId = z.tuple([z.object({ id: z.string() })]).parse(rows)[0].id
  const { text, values } = Prisma.sql`
    WITH member AS (SELECT * FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS given (id, place)),
    leaf AS MATERIALIZED (
      SELECT member.place, 'run' AS source, field.key, field.number, field.text
      FROM member JOIN run r USING (id) CROSS JOIN LATERAL (VALUES ${fields}) AS field (key, number, text)
      WHERE field.number IS NOT NULL OR field.text IS NOT NULL
      UNION ALL
      SELECT member.place, document.source, found.key, run_leaf_number(found.value), run_leaf_text(found.value)
      FROM member JOIN run r USING (id)
        CROSS JOIN LATERAL (VALUES ('config', r.config), ('summary', r.summary)) AS document (source, content)
        CROSS JOIN LATERAL run_leaves(document.content) AS found
    ),
    path AS (SELECT source, key, max(place) AS last, bool_or(text IS NOT NULL) AS has_texts FROM leaf GROUP BY source, key)
    INSERT INTO run_column (chunk_id, source, key_hash, key, numbers, texts)
    SELECT ${chunkId}::uuid, path.source, md5(path.key)::uuid, path.key, array_agg(leaf.number ORDER BY member.place),
           CASE WHEN bool_or(path.has_texts) THEN array_agg(leaf.text ORDER BY member.place) END
    FROM path JOIN member ON member.place <= path.last
      LEFT JOIN leaf ON leaf.source = path.source AND leaf.key = path.key AND leaf.place = member.place
    GROUP BY path.source, path.key`
  // Nothing is known of how many runs share a path: a merge by path alone would go over each once for every run.
  await connection.query('SET LOCAL enable_mergejoin = off')
  await connection.query(text, values)
  await connection.query('UPDATE run SET chunk_id = $1 WHERE id = ANY($2)', [chunkId, ids])
}
