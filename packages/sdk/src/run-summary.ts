import type { Value } from '@kiroku/core/values'
import { hasMethods, type RecordAccess, recordProxy } from './record-proxy.ts'
import type { SummaryStore } from './summary-store.ts'

/**
 * A run's summary: its values as properties, under dotted keys; `summary.val.loss` and `summary['val.loss']` are one. What is
 * logged or set later stands.
 */
export type RunSummary = {
  [key: string]: unknown
  /** Sets several values; nested records are opened to dotted keys. */
  update(values: object): void
  /** All values as nested records, a copy. */
  nested(): Record<string, unknown>
}

/** The summary as a script sees it. */
export function summaryOfRun(store: SummaryStore): RunSummary {
  const methods = {
    update: (values: object): void => store.update(values),
    nested: (): Record<string, unknown> => nestedOf(store.all),
  }
  return recordProxy(
    () => accessOf(store, '', methods),
    (proxy): proxy is RunSummary => hasMethods(proxy, methods),
  )
}

/** What is below a prefix, as an object whose properties are read and set in the summary. */
function accessOf(store: SummaryStore, prefix: string, methods: RecordAccess['methods']): RecordAccess {
  return {
    get: (key) => {
      const value = store.get(prefix + key)
      if (value !== undefined || !store.has(prefix + key)) return value
      return recordProxy(
        () => accessOf(store, `${prefix}${key}.`, {}),
        (proxy): proxy is object => typeof proxy === 'object',
      )
    },
    has: (key) => store.has(prefix + key),
    keys: () => store.keys().flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : [])),
    set: (key, value) => store.update({ [prefix + key]: value }),
    remove: (key) => store.remove(prefix + key),
    methods,
  }
}

/** Dotted keys as nested records. A key below one that has a value of its own stays dotted. */
function nestedOf(flat: Readonly<Record<string, Value>>): Record<string, unknown> {
  const root = new Map<string, unknown>()
  for (const [key, value] of Object.entries(flat)) {
    const parts = key.split('.')
    const last = parts.pop() ?? key
    const isBelowValue = parts.some((_, index) => Object.hasOwn(flat, parts.slice(0, index + 1).join('.')))
    if (isBelowValue) root.set(key, value)
    else levelAt(root, parts).set(last, value)
  }
  return recordOfLevels(root)
}

function levelAt(root: Map<string, unknown>, parts: readonly string[]): Map<string, unknown> {
  return parts.reduce((level, part) => {
    const known = level.get(part)
    if (known instanceof Map) return known
    const next = new Map<string, unknown>()
    level.set(part, next)
    return next
  }, root)
}

function recordOfLevels(level: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    [...level].map(([key, value]) => [key, value instanceof Map ? recordOfLevels(value) : value]),
  )
}
