import { randomUUID } from 'node:crypto'
import type { SqlAnswer } from '@kiroku/core/sql'
import { flatten, type WireValue } from '@kiroku/core/values'
import type { MetricStore, PointBlock, SqlRun, UserQuery } from '../src/index.ts'

/** What a project that nobody may read says in each of its rows. */
export const marker = 'MARKER-OF-ANOTHER-PROJECT'
export const secretValue = 987654321.25

/** A run for tests, as the table `runs` shows it. */
export type RunGiven = Partial<Omit<SqlRun, 'entries' | 'config' | 'summary'>> & {
  config?: Record<string, WireValue>
  summary?: Record<string, WireValue>
}

/** A project for tests: its runs are kept here, as PostgreSQL keeps them for a server. */
export type TestProject = {
  project: string
  runs: UserQuery['runs']
  /** Adds a run, and gives its UUID. */
  add(run: RunGiven): string
}

export function testProject(): TestProject {
  const kept: (RunGiven & { id: string })[] = []
  return {
    project: randomUUID(),
    add(run) {
      const id = run.id ?? randomUUID()
      kept.push({ ...run, id })
      return id
    },
    runs: {
      ids: async () => kept.map(({ id, run = 'r' }) => ({ id, run })),
      rows: async ({ entries }) =>
        kept.map(({ config = {}, summary = {}, ...run }) => ({
          run: 'r',
          name: 'swift-river-1',
          state: 'finished',
          group: null,
          jobType: null,
          tags: [],
          notes: null,
          createdAt: 1_700_000_000_000,
          startedAt: 1_700_000_000_000,
          finishedAt: null,
          heartbeatAt: 1_700_000_000_000,
          exitCode: null,
          lastStep: null,
          ...run,
          config: JSON.stringify(config),
          summary: JSON.stringify(summary),
          entries: entries.map(({ of, path }) => valueAt(of === 'config' ? config : summary, path.join('.'))),
        })),
    },
  }
}

const valueAt = (record: Record<string, WireValue>, name: string): WireValue | undefined =>
  record[name] ?? flatten(record, (value) => JSON.parse(JSON.stringify(value)))[name]

type PointsGiven = { project: string; run: string; metric?: string }

/** Points of one metric of a run, at steps from 0. */
export function pointsOf({ project, run, metric = 'loss' }: PointsGiven, values: readonly number[]): PointBlock {
  const rows = Uint32Array.from(values, (_, index) => index)
  return {
    project,
    run,
    stream: 'history',
    version: 1,
    steps: Float64Array.from(rows),
    times: Float64Array.from(rows, (row) => 1_700_000_000_000 + row),
    metrics: [{ name: metric, rows, values: Float64Array.from(values) }],
  }
}

/** Stores them. */
export function addPoints(store: MetricStore, given: PointsGiven, values: readonly number[]): Promise<void> {
  return store.insert([pointsOf(given, values)], [])
}

/** A query over a project, as the store takes it. */
export function over(store: MetricStore, { project, runs }: TestProject, query: string): Promise<SqlAnswer> {
  return store.sql({ project, runs, query })
}
