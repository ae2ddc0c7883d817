import { KirokuError } from '@kiroku/core/errors'
import { keepTag } from '@kiroku/core/projects'
import type { RunPage, runListInputSchema } from '@kiroku/core/queries'
import type { RunRecord } from '@kiroku/core/run-record'
import { type CreateRunResult, isLiveState, type Run } from '@kiroku/core/runs'
import type * as z from 'zod'
import type { Database } from '../../database/database.ts'
import { notify, type RunNotice } from '../../database/notifications.ts'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import { refuseDeletedWriter } from '../history/index.ts'
import { endsBefore } from '../projects/index.ts'
import { noRun } from './no-run.ts'
import { type OpenInput, openRun } from './open-run.repository.ts'
import type { PendingChange } from './pending-change.ts'
import { readRunPage } from './run-list.repository.ts'
import { readRunRecord, readWriterIds } from './run-record.repository.ts'
import { includedInRun, toRun } from './run-row.repository.ts'
import { describeStart } from './started-run.repository.ts'
import { type RunChange, updateRun } from './update-run.repository.ts'

/** What a writer is answered with, or the change of its run that has to be brought to its end before. */
export type OpenOutcome = { result: CreateRunResult } | { runId: string; pending: PendingChange }

/** Runs of one project. Deleted runs are not there, except for `restore`. */
export type RunsRepository = {
  /** Throws CONFLICT when a writer's run was deleted together with its project, whatever has the project's name now. */
  refuseDeleted(scope: OrganizationScope, names: { project: string; run: string; writer: string }): Promise<void>
  /**
   * Creates the run or lets it go on, and takes its writer in. Throws NOT_FOUND when the run, or the one to fork, must be
   * there and is not, CONFLICT when it was deleted or must not be there and is.
   */
  open(scope: ProjectScope, input: OpenInput): Promise<OpenOutcome>
  list(scope: ProjectScope, input: z.output<typeof runListInputSchema>): Promise<RunPage>
  /** Throws NOT_FOUND. */
  byId(scope: ProjectScope, slug: string): Promise<Run>
  /** Everything that is known of a run beside what it logged. Throws NOT_FOUND. */
  record(scope: ProjectScope, slug: string): Promise<RunRecord>
  /** The ids of a run's writers, in the order of its record. Throws NOT_FOUND. */
  writerIds(scope: ProjectScope, slug: string): Promise<string[]>
  /** Throws NOT_FOUND. */
  update(scope: ProjectScope, slug: string, change: RunChange): Promise<void>
  /** Asks a run's script to end. Throws NOT_FOUND, and CONFLICT for a run that has ended. */
  askToStop(scope: ProjectScope, slug: string): Promise<void>
  /** Throws NOT_FOUND. */
  delete(scope: ProjectScope, slug: string): Promise<void>
  /**
   * Throws NOT_FOUND when there is no such deleted run whose points are still there. A run that would be deleted again for its
   * age gets the tag `keep`.
   */
  restore(scope: ProjectScope, slug: string): Promise<void>
}

/**
 * Reads and changes runs in PostgreSQL. `aliveMs` is how long a live writer may be silent, `restorableMs` how long a deleted
 * run can be restored.
 */
export function createRunsRepository(database: Database, aliveMs: number, restorableMs: number): RunsRepository {
  const { prisma } = database

  const find = async (scope: ProjectScope, slug: string): Promise<Run> => {
    const row = await prisma.run.findFirst({
      where: { projectId: scope.projectId, slug, deletedAt: null },
      include: includedInRun,
    })
    if (!row) throw noRun(slug)
    return toRun(scope, row, aliveMs)
  }

  const tell = async (scope: ProjectScope, run: Run): Promise<void> =>
    database.transaction((connection) => notify(connection, [noticeOf(scope, run)]))

  return {
    refuseDeleted: (scope, names) =>
      database.transaction((connection) => refuseDeletedWriter(connection, scope, names)),

    open: (scope, input) =>
      database.transaction(async (connection) => {
        const { runId, isNew, isJoined, pending } = await openRun(connection, scope, input, aliveMs)
        if (isNew || isJoined)
          await notify(connection, [{ ...noticeOf(scope, { slug: input.run, state: 'running' }), created: isNew }])
        if (pending) return { runId, pending }
        return { result: await describeStart(connection, scope, { input, runId, aliveMs }) }
      }),

    list: (scope, input) => readRunPage(database, scope, input, aliveMs),

    byId: find,

    record: (scope, slug) => database.transaction((connection) => readRunRecord(connection, scope, slug)),
    writerIds: (scope, slug) => database.transaction((connection) => readWriterIds(connection, scope, slug)),

    async update(scope, slug, change) {
      await database.transaction(async (connection) => {
        const { rows } = await connection.query(
          'SELECT id, state FROM run WHERE project_id = $1 AND slug = $2 AND deleted_at IS NULL FOR UPDATE',
          [scope.projectId, slug],
        )
        const id: unknown = rows[0]?.id
        if (typeof id !== 'string') throw noRun(slug)
        await updateRun(connection, id, change)
      })
      await tell(scope, await find(scope, slug))
    },

    async askToStop(scope, slug) {
      const { state } = await find(scope, slug)
      if (!isLiveState(state))
        throw new KirokuError({ code: 'CONFLICT', message: `the run ${slug} is not running: it is ${state}` })
      await database.transaction((connection) =>
        connection.query(
          `UPDATE run SET stop_asked_at = coalesce(stop_asked_at, now())
           WHERE project_id = $1 AND slug = $2 AND deleted_at IS NULL`,
          [scope.projectId, slug],
        ),
      )
      await tell(scope, await find(scope, slug))
    },

    async delete(scope, slug) {
      const run = await find(scope, slug)
      await database.transaction(async (connection) => {
        await connection.query(
          'UPDATE run SET deleted_at = now() WHERE project_id = $1 AND slug = $2 AND deleted_at IS NULL',
          [scope.projectId, slug],
        )
        await notify(connection, [{ ...noticeOf(scope, run), deleted: true }])
      })
    },

    async restore(scope, slug) {
      const { rowCount: count } = await database.transaction((connection) =>
        connection.query(
          `UPDATE run SET deleted_at = NULL,
             tags = CASE WHEN ${endsBefore('project.retention_days')} AND NOT $4 = ANY(tags)
                    THEN array_append(tags, $4) ELSE tags END
           FROM project
           WHERE project.id = run.project_id AND run.project_id = $1 AND run.slug = $2 AND purged_at IS NULL
             AND run.deleted_at > now() - $3::float8 * interval '1 millisecond'`,
          [scope.projectId, slug, restorableMs, keepTag],
        ),
      )
      if (count === 0)
        throw new KirokuError({ code: 'NOT_FOUND', message: `there is no deleted run ${slug} to restore` })
      const restored = { ...noticeOf(scope, await find(scope, slug)), created: true }
      await database.transaction((connection) => notify(connection, [restored]))
    },
  }
}

function noticeOf(scope: ProjectScope, run: Pick<Run, 'slug' | 'state'>): RunNotice {
  const { organizationId, projectId, project } = scope
  return { organizationId, projectId, project, run: run.slug, state: run.state, points: false, created: false }
}
