import type { CustomChart } from '@kiroku/core/custom-chart'
import { readCustomCharts } from '@kiroku/wandb-format/custom-charts'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import type { ProjectScope } from '../../http/scopes.ts'

/** How logged tables are drawn. */
export type CustomChartsRepository = {
  /** A run's charts by the metric that has the table of each; none for a run that no `wandb` client wrote to. */
  byRun(scope: ProjectScope, slug: string): Promise<Map<string, CustomChart>>
}

const rowsSchema = z.array(z.object({ visualize: z.unknown() }))

/** Reads charts from what `wandb` clients say of their runs. */
export function createCustomChartsRepository(database: Database): CustomChartsRepository {
  return {
    byRun: (scope, slug) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT internal->'visualize' AS visualize FROM wandb_run JOIN run ON run.id = wandb_run.run_id
           WHERE run.project_id = $1 AND run.slug = $2 AND run.deleted_at IS NULL`,
          [scope.projectId, slug],
        )
        return readCustomCharts(rowsSchema.parse(rows)[0]?.visualize)
      }),
  }
}
