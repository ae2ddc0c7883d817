import type { SqlAnswer, SqlEntries } from '@kiroku/core/sql'
import { flatten, type WireRecord, type WireValue, wireValueSchema } from '@kiroku/core/values'
import { kindOfEntry, type MetricStore } from '@kiroku/metric-store'
import type { ProjectScope } from '../../http/scopes.ts'
import type { SqlRepository } from './sql.repository.ts'

const maxRunsLookedAt = 200

/** Users' own queries. */
export type SqlService = {
  /** Runs one query over a project. Throws what `MetricStore.sql` throws. */
  run(scope: ProjectScope, query: string, signal: AbortSignal): Promise<SqlAnswer>
  /** What the newest runs of a project have in config and summary. */
  entries(scope: ProjectScope): Promise<SqlEntries>
}

/** Gives the store the runs of the project that it needs for a query. */
export function createSqlService(store: Pick<MetricStore, 'sql'>, runs: SqlRepository): SqlService {
  return {
    run(scope, query, signal) {
      const ofProject = { ids: () => runs.ids(scope), rows: runs.rows.bind(runs, scope) }
      return store.sql({ project: scope.projectId, query, runs: ofProject }, { signal })
    },

    async entries(scope) {
      const documents = await runs.documents(scope, maxRunsLookedAt)
      const values = new Map<string, WireValue[]>()
      for (const { config, summary } of documents) {
        collect(values, 'config', config)
        collect(values, 'summary', summary)
      }
      const entries = [...values].map(([name, all]) => ({
        name,
        type: kindOfEntry(all) === 'number' ? 'Nullable(Float64)' : 'Nullable(String)',
      }))
      return { entries: entries.sort((left, right) => (left.name < right.name ? -1 : 1)) }
    },
  }
}

/** A non-finite number is a record in wire form, and one value here. */
function collect(values: Map<string, WireValue[]>, of: string, record: WireRecord): void {
  const whole = Object.fromEntries(Object.entries(record).map(([key, value]) => [key, opened(value)]))
  for (const [name, value] of Object.entries(flatten(whole, (leaf) => wireValueSchema.parse(leaf)))) {
    const entry = `${of}.${name.replaceAll(/(^|\.)\$\$/g, '$1$')}`
    values.set(entry, [...(values.get(entry) ?? []), value])
  }
}

const opened = (value: WireValue): WireValue => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  if (typeof value['$n'] === 'string') return 0
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, opened(each)]))
}
