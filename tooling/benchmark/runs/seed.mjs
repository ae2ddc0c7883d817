import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { testRun } from '@kiroku/testkit'
import pg from 'pg'

/** Calls `work` with a connection to the PostgreSQL of a server that runs over `dataDir`. */
export async function withDatabase(dataDir, work) {
  const port = Number(readFileSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[3])
  const password = readFileSync(join(dataDir, 'postgres', 'password'), 'utf8').trim()
  const database = new pg.Client({ host: '127.0.0.1', port, user: 'kiroku', database: 'kiroku', password })
  await database.connect()
  try {
    return await work(database)
  } finally {
    await database.end()
  }
}

const numbers = Array.from({ length: 14 }, (_, index) => `'extra_${index}', round((random() * 100)::numeric, 4)`)

/**
 * Gives a project so many finished runs, each with twenty entries of config and twenty of summary, by SQL: through the API a
 * hundred thousand runs would take minutes that say nothing. Waits until the server has gathered them in chunks, as it does with
 * runs that ended. Answers the project's id.
 */
export async function seedRuns(server, database, project, count) {
  await testRun(server, { project })
  const { rows } = await database.query('SELECT id FROM project WHERE name = $1', [project])
  const projectId = rows[0].id
  await database.query('DELETE FROM run WHERE project_id = $1', [projectId])
  await database.query('SELECT setseed(0.5)')
  await database.query(
    `INSERT INTO run (project_id, slug, display_name, state, config, summary, run_group, tags, created_at, started_at,
                      finished_at, heartbeat_at, exit_code, last_step)
     SELECT $1, 'run-' || n, 'bright-morning-' || n, 'finished',
       jsonb_build_object('lr', power(10, -1 - 5 * random()), 'batch_size', power(2, 3 + n % 8), 'optimizer',
         (ARRAY['adam', 'sgd', 'lion'])[1 + n % 3], 'model', jsonb_build_object('depth', 2 + n % 40, 'width', 64 * (1 + n % 16)),
         'seed', n, ${numbers.join(', ')}),
       jsonb_build_object('accuracy', random(), 'val/loss', random() * 4, 'train/loss', random() * 4, 'epoch', n % 100,
         '_step', 1000 + n % 5000, 'note', 'run ' || n, ${numbers.join(', ')}),
       NULL, ARRAY['sweep', 'batch-' || n % 50], at, at, at + interval '1 hour', at + interval '1 hour', 0, 1000 + n % 5000
     FROM (SELECT n, '2026-01-01'::timestamptz + n * interval '1 minute' AS at FROM generate_series(1, $2::int) AS n) AS runs`,
    [projectId, count],
  )
  await database.query(
    `INSERT INTO writer (run_id, writer, ack_seq, created_at, started_at, heartbeat_at, finished_at, finish_state, exit_code)
     SELECT id, substr(md5(id::text), 1, 16), 1000, created_at, started_at, finished_at, finished_at, 'finished', 0
     FROM run WHERE project_id = $1`,
    [projectId],
  )
  await isGathered(database, projectId)
  for (const table of ['run', 'writer', 'run_chunk', 'run_column']) await database.query(`ANALYZE ${table}`)
  return projectId
}

/** The server gathers runs that have ended by itself; fewer than fill a chunk stay as they are. */
const fewestOfChunk = 256
const longestWaitMs = 600_000

async function isGathered(database, projectId) {
  const until = performance.now() + longestWaitMs
  for (;;) {
    const { rows } = await database.query(
      'SELECT count(*)::int AS loose FROM run WHERE project_id = $1 AND chunk_id IS NULL',
      [projectId],
    )
    if (rows[0].loose < fewestOfChunk) return
    if (performance.now() > until) throw new Error(`${rows[0].loose} runs are not gathered after ten minutes`)
    await setTimeout(500)
  }
}
