import { fromWireRecord, type Value } from '@kiroku/core/values'
import { fromKirokuMedia } from '@kiroku/wandb-format/media-values'
import type { RunKeys, WandbRun } from '../runs/index.ts'

/** JSON as clients read it: NaN and the infinities are bare tokens, and -0 keeps its sign. */
export function stringifyExtended(value: Value): string {
  if (Object.is(value, -0)) return '-0.0'
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : String(value)
  if (Array.isArray(value)) return `[${value.map(stringifyExtended).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${stringifyExtended(item)}`)
  return `{${entries.join(',')}}`
}

/** A run's config as the client sends it: each entry under `value`, and its own part as `_wandb`. */
export function configDocument({ config, facts }: WandbRun): string {
  const entries = Object.entries(fromWireRecord(config)).map(([key, value]) => [key, { value }] as const)
  const internal = { value: fromWireRecord(facts?.internal ?? {}) }
  return stringifyExtended({ ...Object.fromEntries(entries), _wandb: internal })
}

/** A run's summary as the client sends it, under flat names. Media are what they came as. */
export function summaryDocument(run: WandbRun): string {
  const seconds = run.runtimeMs / 1000
  const entries = Object.entries(run.summary).map(([key, value]) => [key, fromKirokuMedia(value)] as const)
  return stringifyExtended({
    ...fromWireRecord(Object.fromEntries(entries)),
    ...(run.lastStep !== null && { _step: run.lastStep }),
    _runtime: seconds,
    _timestamp: run.heartbeatAt / 1000,
    _wandb: { runtime: Math.round(seconds) },
  })
}

/** The metrics that a run logged, as clients list them: `count` of each kind, and the last number. */
export function historyKeys({ lastStep }: WandbRun, { metrics, texts }: RunKeys): object {
  const logged = metrics.filter(({ stream }) => stream === 'history')
  const keys = new Map(
    logged.map(({ name, totals }) => [
      name,
      {
        // JSON has no numbers that are not finite; here they are texts.
        previousValue: jsonNumber(totals.last),
        typeCounts: [{ type: 'number', count: totals.count }],
        monotonic: false,
      },
    ]),
  )
  for (const { metric, count } of texts) {
    const counts = [...(keys.get(metric)?.typeCounts ?? []), { type: 'string', count }]
    keys.set(metric, { previousValue: null, monotonic: false, ...keys.get(metric), typeCounts: counts })
  }
  return { lastStep: lastStep ?? -1, sets: [], keys: Object.fromEntries(keys) }
}

const jsonNumber = (value: number | null): number | string | null =>
  value === null || Number.isFinite(value) ? value : String(value)

/** The last value of each of a machine's metrics, under the client's names. */
export function systemMetricsDocument({ metrics }: RunKeys): string {
  const system = metrics.filter(({ stream }) => stream === 'system')
  return stringifyExtended(Object.fromEntries(system.map(({ name, totals }) => [`system.${name}`, totals.last])))
}
