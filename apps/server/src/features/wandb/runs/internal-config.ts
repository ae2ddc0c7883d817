import { isRecord, type WireRecord, type WireValue } from '@kiroku/core/values'

/** Entries that a process keeps of those before it: what it does not say of them stays. */
const united = ['e', 'viz', 'visualize', 'mask/class_labels', 'bounding_box/class_labels'] as const

/**
 * The client's own part of a config (`_wandb`), after its next one came. A process that goes on with a run knows nothing of the
 * metric definitions before it, nor of the processes.
 */
export function mergeInternal(before: WireRecord, now: WireRecord): WireRecord {
  const merged: WireRecord = { ...before, ...now }
  for (const key of united) {
    const [old, fresh] = [before[key], now[key]]
    if (isRecord(old) && isRecord(fresh)) merged[key] = { ...asRecord(old), ...asRecord(fresh) }
  }
  const [definitions] = [now['m']]
  if (Array.isArray(definitions) && definitions.length === 0 && before['m'] !== undefined) merged['m'] = before['m']
  return merged
}

function asRecord(value: WireValue): WireRecord {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {}
}
