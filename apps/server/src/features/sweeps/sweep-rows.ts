import { readSweepConfig } from '@kiroku/core/sweeps/next-point'
import type { SweepConfig, SweepDocument } from '@kiroku/core/sweeps/sweep-config'
import { sweepDocumentSchema } from '@kiroku/core/sweeps/sweep-config'
import { sweepStateSchema } from '@kiroku/core/sweeps/sweeps'
import * as z from 'zod'
import { isLiveSql } from '../../database/live-runs.ts'

/** A sweep's row: what decides which runs it hands out. */
export const sweepRowSchema = z.object({
  id: z.string(),
  projectId: z.string(),
  slug: z.string(),
  state: sweepStateSchema,
  config: sweepDocumentSchema,
  seed: z.number(),
  issued: z.number(),
  expectedRuns: z.number().nullable(),
})
export type SweepRow = z.infer<typeof sweepRowSchema>

/** The columns of `sweepRowSchema`, of a table `s`. */
export const sweepColumns = `s.id, s.project_id AS "projectId", s.slug, s.state, s.config, s.seed, s.issued,
  s.expected_runs AS "expectedRuns"`

/** Agents ask every five seconds, with a run of theirs or without. */
const longestSilenceMs = 60_000

/** How long an agent may be silent before it counts as gone, where a run may be silent for `aliveMs`. */
export function agentSilenceMs(aliveMs: number): number {
  return Math.min(aliveMs, longestSilenceMs)
}

/** A stored config, which was read before it was stored. */
export function configOfRow({ config }: { config: SweepDocument }): SweepConfig {
  return readSweepConfig(config)
}

/** Where a run of the table `r` has its sweep's metric, whose name and goal are the parameters `name` and `goal` of the statement. */
export function metricSql(name: string, goal: string): string {
  const leaf = `run_leaf_at(r.summary, ${name})`
  const of = (key: string): string => `run_leaf_number(run_leaf_at(r.summary, ${name} || '.${key}'))`
  const best = `CASE WHEN ${goal} = 'maximize' THEN ${of('max')} ELSE ${of('min')} END`
  return `NULLIF(NULLIF(NULLIF(coalesce(run_leaf_number(${leaf}), ${best}, ${of('best')}, ${of('last')}, ${of('mean')}),
    'NaN'), 'Infinity'), '-Infinity')`
}

/** The runs of the sweep `s`, as a table `r`. */
export const runsOfSweep = 'run r WHERE r.project_id = s.project_id AND r.sweep = s.slug AND r.deleted_at IS NULL'

/** SQL: whether the run `r` goes on, or waits for an agent that goes on with it, as it was preempted. */
export const goesOn = `(${isLiveSql('r.state')} OR (r.state = 'preempted' AND r.deleted_at IS NULL))`

/** Whether a trial `t` of the sweep `s` may still become something: its run goes on, or its agent has not begun it yet. */
export const isTrialOpen = `t.dropped_at IS NULL AND coalesce((SELECT ${goesOn} FROM run r
  WHERE r.project_id = s.project_id AND r.slug = t.run), true)`
