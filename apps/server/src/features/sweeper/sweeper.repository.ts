import { runStateSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import { notify } from '../../database/notifications.ts'

/** A deleted run whose points can go: their place in the metric store. */
export type Purgeable = { projectId: string; runId: string }

/**
 * Looks after the runs of all organizations on the server's own behalf: nothing of what it reads reaches a caller, and so
 * it needs no scope.
 */
export type SweeperRepository = {
  /** Marks running runs that were silent for `silentMs` as crashed, and gives notice. */
  markCrashed(silentMs: number): Promise<void>
  /** Runs that were deleted more than `keptMs` ago and still have points. */
  listPurgeable(keptMs: number): Promise<Purgeable[]>
  /** Forgets the files of a deleted run whose points are gone, and remembers that; its id stays taken. */
  markPurged(run: Purgeable): Promise<void>
}

const crashedRowsSchema = z.array(
  z.object({
    organizationId: z.string(),
    projectId: z.string(),
    project: z.string(),
    run: z.string(),
    state: runStateSchema,
  }),
)

/** Finds silent and deleted runs in PostgreSQL. */
export function createSweeperRepository(database: Database): SweeperRepository {
  return {
    markCrashed: (silentMs) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `UPDATE run SET state = 'crashed', finished_at = heartbeat_at
           FROM project WHERE project.id = run.project_id AND run.id IN (
             SELECT id FROM run
             WHERE state = 'running' AND heartbeat_at < now() - $1::float8 * interval '1 millisecond'
             FOR UPDATE SKIP LOCKED)
           RETURNING project.organization_id AS "organizationId", project.id AS "projectId", project.name AS project,
             run.slug AS run, run.state`,
          [silentMs],
        )
        await notify(
          connection,
          crashedRowsSchema.parse(rows).map((row) => ({ ...row, points: false, created: false })),
        )
      }),

    async listPurgeable(keptMs) {
      const rows = await database.prisma.run.findMany({
        where: { deletedAt: { lt: new Date(Date.now() - keptMs) }, purgedAt: null },
        select: { id: true, projectId: true },
        take: 100,
      })
      return rows.map(({ id, projectId }) => ({ runId: id, projectId }))
    },

    async markPurged({ runId }) {
      await database.prisma.$transaction([
        database.prisma.runMetric.deleteMany({ where: { runId } }),
        database.prisma.runFile.deleteMany({ where: { runId } }),
        database.prisma.run.updateMany({
          where: { id: runId, deletedAt: { not: null } },
          data: { purgedAt: new Date(), config: {}, summary: {}, explicitSummary: [] },
        }),
      ])
    },
  }
}
