import { fromWire, type Value } from '@kiroku/core/values'
import type { MetricStore, Segment, StoredRow } from '@kiroku/metric-store'
import { fromKirokuMedia } from '@kiroku/wandb-format/media-values'
import type { ProjectScope } from '../../../http/scopes.ts'
import type { MetricsRepository } from '../../metrics/index.ts'
import type { WandbRun } from '../runs/index.ts'
import { runtimeAt } from './runtime.ts'

/** A row as clients have it: under flat names, with `_step`, `_timestamp` and `_runtime`, the latter two in seconds. */
export type HistoryRow = Record<string, Value>

/** Which rows: of the steps from `from` to `to`, both included, or of all; `sample` of them, evenly spread, where there are more. */
export type RowRange = { from?: number | undefined; to?: number | undefined; sample?: number | undefined }

/** Reads what a run logged, row by row. Throws TOO_LARGE when rows have more than a million values. */
export type WandbHistoryService = {
  rows(scope: ProjectScope, run: WandbRun, range: RowRange): Promise<HistoryRow[]>
  /** The rows that have all of these keys, with these alone. */
  rowsWith(scope: ProjectScope, run: WandbRun, keys: readonly string[], range: RowRange): Promise<HistoryRow[]>
  /** What the machine did, by its time. */
  systemRows(scope: ProjectScope, run: WandbRun, range: Pick<RowRange, 'sample'>): Promise<HistoryRow[]>
}

/** The most values of the rows that are answered at once. */
const maxValues = 1_000_000

/** What every row has, and no metric is. */
const rowKeys = new Set(['_step', '_timestamp', '_runtime'])

export function createWandbHistoryService(
  store: Pick<MetricStore, 'rows'>,
  metrics: Pick<MetricsRepository, 'references'>,
): WandbHistoryService {
  const read = async (
    { projectId: project }: ProjectScope,
    { id: run }: WandbRun,
    asked: Omit<Parameters<MetricStore['rows']>[0], 'project' | 'run' | 'maxValues'>,
  ): Promise<StoredRow[]> => store.rows({ project, run, maxValues, ...asked })

  const segmentsOf = async (scope: ProjectScope, { slug }: WandbRun): Promise<readonly Segment[]> =>
    (await metrics.references(scope, [slug])).get(slug)?.segments ?? []

  return {
    async rows(scope, run, range) {
      const [rows, segments] = await Promise.all([
        read(scope, run, { stream: 'history', ...range }),
        segmentsOf(scope, run),
      ])
      return rows.map((row) => describe(row, segments))
    },

    async rowsWith(scope, run, keys, range) {
      const logged = keys.filter((key) => !rowKeys.has(key))
      const [rows, segments] = await Promise.all([
        read(scope, run, { stream: 'history', ...range, ...(logged.length > 0 && { metrics: logged }) }),
        segmentsOf(scope, run),
      ])
      return rows.map((row) => {
        const whole = describe(row, segments)
        return Object.fromEntries(keys.map((key) => [key, whole[key] ?? null]))
      })
    },

    async systemRows(scope, run, range) {
      const [rows, segments] = await Promise.all([
        read(scope, run, { stream: 'system', ...range }),
        segmentsOf(scope, run),
      ])
      return rows.map(({ time, numbers }) => ({
        _wandb: true,
        _timestamp: time / 1000,
        _runtime: runtimeAt(segments, time) / 1000,
        ...Object.fromEntries([...numbers].map(([name, value]) => [`system.${name}`, value])),
      }))
    },
  }
}

function describe({ step, time, numbers, texts }: StoredRow, segments: readonly Segment[]): HistoryRow {
  return {
    ...Object.fromEntries(numbers),
    ...Object.fromEntries([...texts].map(([name, value]) => [name, fromWire(fromKirokuMedia(value))])),
    _step: step,
    _timestamp: time / 1000,
    _runtime: runtimeAt(segments, time) / 1000,
  }
}
