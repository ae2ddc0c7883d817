import { readCustomCharts } from '@kiroku/wandb-format/custom-charts'
import * as z from 'zod'
import type { Database } from '../../../database/database.ts'
import type { TableCharts } from '../../series/index.ts'

const rowsSchema = z.array(z.object({ visualize: z.unknown() }))

/** Reads charts from what `wandb` clients say of their runs; none for a run that no such client wrote to. */
export function createCustomChartsRepository(database: Database): TableCharts {
  return {
    async byRun(scope, slug) {
      const { rows } = await database.session((connection) =>
        connection.query(
          `SELECT internal->'visualize' AS visualize FROM wandb_run JOIN run ON run.id = wandb_run.run_id
           WHERE run.project_id = $1 AND run.slug = $2 AND run.deleted_at IS NULL`,
          [scope.projectId, slug],
        ),
      )
      return readCustomCharts(rowsSchema.parse(rows)[0]?.visualize)
    },
  }
}
