import { fromWireRecord, type Value } from '@kiroku/core/values'
import type { WandbRun } from '../runs/index.ts'

/** JSON as clients read it: NaN and the infinities are bare tokens. */
export function stringifyExtended(value: Value): string {
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

/** A run's summary as the client sends it, under flat names. */
export function summaryDocument(run: WandbRun): string {
  const seconds = run.runtimeMs / 1000
  return stringifyExtended({
    ...fromWireRecord(run.summary),
    ...(run.lastStep !== null && { _step: run.lastStep }),
    _runtime: seconds,
    _timestamp: run.heartbeatAt / 1000,
    _wandb: { runtime: Math.round(seconds) },
  })
}
