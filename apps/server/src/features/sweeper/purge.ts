import type { MetricStore } from '@kiroku/metric-store'
import type { BlobStorage } from '../files/index.ts'
import type { RollupsRepository } from '../rollups/index.ts'
import type { PurgeRepository } from './purge.repository.ts'

export type PurgeOptions = {
  purges: PurgeRepository
  store: Pick<MetricStore, 'deleteRuns' | 'deleteProject'>
  blobs: Pick<BlobStorage, 'deleteAll'>
  /** Null when this server is the only one that fills rollups. */
  rollups: Pick<RollupsRepository, 'whileNoneFills'> | null
  /** How long what was deleted can be restored. */
  purgeAfterMs: number
  /** Called when ClickHouse has something no more that PostgreSQL still has, so that tests can fail there. */
  onErased?: (() => Promise<void>) | undefined
}

/**
 * Deletes runs for their age, then removes for good what was deleted long enough ago: from ClickHouse and the disk first, from
 * PostgreSQL then, so that what a kill interrupts is done again. Contents of files go by the sweep of files, once no file
 * names them. An abort ends it at the next step.
 */
export async function purge(
  { purges, store, blobs, rollups, purgeAfterMs, onErased }: PurgeOptions,
  signal: AbortSignal,
): Promise<void> {
  const erasing = { signal, whileNoneRolls: rollups?.whileNoneFills }
  await purges.deleteOld()
  await purges.alone(async () => {
    for (const project of await purges.listProjects(purgeAfterMs)) {
      await store.deleteProject(project, erasing)
      await onErased?.()
      await purges.forgetProject(project)
    }
    for (const organization of await purges.listOrganizations(purgeAfterMs)) {
      if (signal.aborted) return
      await blobs.deleteAll(organization)
      await purges.forgetOrganization(organization)
    }
    for (;;) {
      const runs = await purges.listRuns(purgeAfterMs)
      if (runs.length === 0 || signal.aborted) return
      await store.deleteRuns(runs, erasing)
      await onErased?.()
      await purges.forgetRuns(runs.map(({ run }) => run))
    }
  })
}
