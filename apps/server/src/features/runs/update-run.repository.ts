import type { RunUpdate } from '@kiroku/core/history'
import type { updateRunInputSchema } from '@kiroku/core/queries'
import type * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { toJsonText } from '../../database/json-text.ts'
import { applyUpdates, loadDocument, saveDefinitions, saveLabels, saveRuns, wireKey } from '../history/index.ts'

export type RunChange = Pick<z.output<typeof updateRunInputSchema>, 'set' | 'config' | 'summary'>

/** Changes labels, config and summary of a run as a script's updates would, without being a sign of its life. */
export async function updateRun(connection: Connection, runId: string, change: RunChange): Promise<void> {
  const { set, config, summary } = change
  await saveLabels(connection, runId, set)
  if (config)
    await connection.query('UPDATE run SET config = (config || $2::jsonb) - $3::text[] WHERE id = $1', [
      runId,
      toJsonText(config.set),
      config.unset.map(wireKey),
    ])
  if (!summary) return
  const document = await loadDocument(connection, runId)
  const updates: RunUpdate[] = [
    { type: 'summary', seq: 1, set: summary.set, unset: [] },
    { type: 'summary', seq: 2, set: {}, unset: summary.unset },
  ]
  const { hasCleared } = applyUpdates(document, updates)
  await saveRuns(connection, [{ runId, document, standing: null, config: null, labels: null, isHeard: false }])
  if (hasCleared) await saveDefinitions(connection, runId, document.definitions)
}
