import { KirokuError, parseInput } from '@kiroku/core/errors'
import { type SweepDocument, sweepDocumentSchema } from '@kiroku/core/sweeps/sweep-config'
import { fromWireRecord, type Value, type WireRecord, type WireValue } from '@kiroku/core/values'
import { parse } from 'yaml'

/** Aliases within a config; a few of them can stand for a very large document. */
const maxAliases = 100

/**
 * Reads a sweep's config as clients send it: YAML, of which JSON is a part. Clients write it by PyYAML, which quotes what its
 * version 1.1 would read otherwise, but not the name `y`, which is true in 1.1 alone. Throws BAD_REQUEST.
 */
export function readSweepDocument(text: string): SweepDocument {
  let found: unknown
  try {
    found = parse(text, { version: '1.2', maxAliasCount: maxAliases, logLevel: 'error' })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new KirokuError({ code: 'BAD_REQUEST', message: `sweep config: it is no YAML: ${reason}`, cause })
  }
  return parseInput(sweepDocumentSchema, found, 'sweep config')
}

/** A config as clients read it: JSON whose numbers YAML 1.1 takes for numbers, as 1.0e-7 instead of 1e-7. */
export function writeSweepDocument(value: WireValue): string {
  if (typeof value === 'number')
    return JSON.stringify(value)
      .replace(/^(-?\d+)e/, '$1.0e')
      .replace(/e(\d)/, 'e+$1')
  if (Array.isArray(value)) return `[${value.map(writeSweepDocument).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${writeSweepDocument(item)}`)
  return `{${entries.join(', ')}}`
}

/** A run's parameters in the form that configs have in the protocol: each value under `value`. */
export function parametersOf(config: WireRecord): Record<string, { value: Value }> {
  return Object.fromEntries(Object.entries(fromWireRecord(config)).map(([key, value]) => [key, { value }] as const))
}
