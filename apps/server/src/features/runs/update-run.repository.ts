import type { RunUpdate } from '@kiroku/core/history'
import type { DefineMetricInput } from '@kiroku/core/metrics'
import type { updateRunInputSchema } from '@kiroku/core/queries'
import type * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { toJsonText } from '../../database/json-text.ts'
import {
  applyUpdates,
  loadDocument,
  type RunFacts,
  saveDefinitions,
  saveLabels,
  saveRuns,
  wireKey,
} from '../history/index.ts'

/** What people change, and what an adapter of another protocol is told outside of a stream: definitions and facts. */
export type RunChange = Pick<z.output<typeof updateRunInputSchema>, 'set' | 'config' | 'summary'> & {
  definitions?: readonly DefineMetricInput[]
  facts?: RunFacts
}

/** Changes a run as a script's updates would, without being a sign of its life. */
export async function updateRun(connection: Connection, runId: string, change: RunChange): Promise<void> {
  const { set, config, summary, definitions = [], facts } = change
  await saveLabels(connection, runId, set)
  if (config)
    await connection.query('UPDATE run SET config = (config || $2::jsonb) - $3::text[] WHERE id = $1', [
      runId,
      toJsonText(config.set),
      config.unset.map(wireKey),
    ])
  if (!summary && definitions.length === 0 && !facts) return
  const document = await loadDocument(connection, runId)
  const said: RunUpdate[] = definitions.map((definition) => ({ type: 'define', seq: 1, definition }))
  if (summary)
    said.push(
      { type: 'summary', seq: 1, set: summary.set, unset: [] },
      { type: 'summary', seq: 1, set: {}, unset: summary.unset },
    )
  const updates = said.map((update, index) => ({ ...update, seq: index + 1 }))
  const { hasCleared, hasDefined } = applyUpdates(document, updates)
  const saved = { runId, document, standing: null, config: null, labels: null, facts: facts ?? null, isHeard: false }
  await saveRuns(connection, [saved])
  if (hasCleared || hasDefined) await saveDefinitions(connection, runId, document.definitions)
}
