import { maxObservations, type Observation } from '@kiroku/core/sweeps/bayes-search'
import type { SweepConfig } from '@kiroku/core/sweeps/sweep-config'
import { valueIn } from '@kiroku/core/sweeps/sweep-parameters'
import { isRecord, type WireRecord } from '@kiroku/core/values'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { goesOn, metricSql, type SweepRow } from './sweep-rows.ts'

const observedRowsSchema = z.array(
  z.object({
    config: z.custom<WireRecord>(isRecord, 'expected a record'),
    isGoingOn: z.boolean(),
    value: z.number().nullable(),
  }),
)

/**
 * What came of a sweep's runs, earlier ones first: the best and the latest of them, of each as many as the search looks at, and all
 * that are handed out and not begun. Only runs that ended have a value.
 */
export async function observationsOf(
  connection: Connection,
  sweep: SweepRow,
  { metric, parameters }: SweepConfig,
): Promise<Observation[]> {
  const { rows } = await connection.query(
    `WITH observed AS (
       SELECT r.config, r.created_at, r.id, ${goesOn} AS is_going_on, ${metricSql('$3::text', '$4::text')} AS value
       FROM run r WHERE r.project_id = $1 AND r.sweep = $2 AND r.deleted_at IS NULL),
     ended AS (SELECT * FROM observed WHERE NOT is_going_on),
     chosen AS (
       (SELECT * FROM ended WHERE value IS NOT NULL ORDER BY CASE WHEN $4 = 'maximize' THEN -value ELSE value END LIMIT $5)
       UNION (SELECT * FROM ended ORDER BY created_at DESC LIMIT $5)
       UNION SELECT * FROM observed WHERE is_going_on)
     SELECT config, is_going_on AS "isGoingOn", value FROM chosen ORDER BY created_at, id`,
    [sweep.projectId, sweep.slug, metric?.name ?? '', metric?.goal ?? 'minimize', maxObservations],
  )
  const waiting = await connection.query(
    `SELECT t.config, true AS "isGoingOn", NULL::float8 AS value FROM sweep_trial t
     WHERE t.sweep_id = $1 AND t.dropped_at IS NULL
       AND NOT EXISTS (SELECT FROM run r WHERE r.project_id = $2 AND r.slug = t.run) ORDER BY t.number`,
    [sweep.id, sweep.projectId],
  )
  return observedRowsSchema.parse([...rows, ...waiting.rows]).map(({ config, isGoingOn, value }) => ({
    values: parameters.map((parameter) => valueIn(config, parameter)),
    value: isGoingOn ? undefined : value,
  }))
}

const foundRowsSchema = z.tuple([z.object({ isReached: z.boolean() })])

/** Whether a run of the sweep has come to the metric's target. */
export async function reachedTarget(
  connection: Connection,
  sweep: SweepRow,
  { metric }: SweepConfig,
): Promise<boolean> {
  const { rows } = await connection.query(
    `SELECT EXISTS (SELECT FROM run r WHERE r.project_id = $1 AND r.sweep = $2 AND r.deleted_at IS NULL
       AND CASE WHEN $4 = 'maximize' THEN ${metricSql('$3::text', '$4::text')} >= $5::float8
           ELSE ${metricSql('$3::text', '$4::text')} <= $5::float8 END) AS "isReached"`,
    [sweep.projectId, sweep.slug, metric?.name ?? '', metric?.goal ?? 'minimize', metric?.target ?? null],
  )
  return foundRowsSchema.parse(rows)[0].isReached
}
