import { KirokuError } from '@kiroku/core/errors'
import type { RunField, RunPath } from '@kiroku/core/run-paths'

/**
 * What a query calls by a name, as Kiroku's path. A `time` is an ISO text in queries and unix milliseconds here, `seconds` are
 * milliseconds here; a `presence` is only there or not, as `tag` is among the tags.
 */
export type QueriedPath = { path: RunPath; kind: 'value' | 'time' | 'seconds' | 'tag' | 'presence'; tag?: string }

const fields: Readonly<Record<string, { path: RunField; kind?: QueriedPath['kind'] }>> = {
  name: { path: 'slug' },
  displayName: { path: 'displayName' },
  state: { path: 'state' },
  group: { path: 'group' },
  jobType: { path: 'jobType' },
  notes: { path: 'notes' },
  description: { path: 'notes' },
  tags: { path: 'tags' },
  host: { path: 'hostname' },
  sweep: { path: 'sweep' },
  commit: { path: 'commit' },
  createdAt: { path: 'createdAt', kind: 'time' },
  startedAt: { path: 'startedAt', kind: 'time' },
  finishedAt: { path: 'finishedAt', kind: 'time' },
  heartbeatAt: { path: 'heartbeatAt', kind: 'time' },
  updatedAt: { path: 'heartbeatAt', kind: 'time' },
  duration: { path: 'runtimeMs', kind: 'seconds' },
}

/** What the client keeps in a summary beside the metrics. */
const summaryFields: Readonly<Record<string, QueriedPath>> = {
  _step: { path: 'lastStep', kind: 'value' },
  _runtime: { path: 'runtimeMs', kind: 'seconds' },
  '_wandb.runtime': { path: 'runtimeMs', kind: 'seconds' },
  _timestamp: { path: 'heartbeatAt', kind: 'seconds' },
}

const known = [...Object.keys(fields), 'config.KEY', 'summary_metrics.KEY', 'keys_info.keys.KEY', 'tags.TAG'].join(', ')

/** The path that a query names, in any of its spellings. Throws BAD_REQUEST for what there is not, and says what there is. */
export function readQueriedPath(name: string, what: string): QueriedPath {
  const field = Object.hasOwn(fields, toCamelCase(name)) ? fields[toCamelCase(name)] : undefined
  if (field) return { kind: 'value', ...field }
  const [, source = '', key = ''] = /^(config|summary_metrics|summary|keys_info\.keys|tags)\.(.+)$/s.exec(name) ?? []
  switch (source) {
    case 'config':
      return { path: `config.${withoutValue(key)}`, kind: 'value' }
    case 'summary':
    case 'summary_metrics':
      return (Object.hasOwn(summaryFields, key) && summaryFields[key]) || { path: `summary.${key}`, kind: 'value' }
    case 'keys_info.keys':
      return { path: `summary.${key}`, kind: 'presence' }
    case 'tags':
      return { path: 'tags', kind: 'tag', tag: key }
    default:
      throw new KirokuError({
        code: 'BAD_REQUEST',
        message: `${what}: runs have no ${JSON.stringify(name.slice(0, 100))} here; there are ${known}`,
      })
  }
}

const toCamelCase = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** A config's entries are wrapped where they are stored by others: `lr.value`, `optimizer.value.name` or `a.b.value`. */
function withoutValue(key: string): string {
  const first = /^([^.]+)\.value(?:\.(.+))?$/s.exec(key)
  if (first) return first[2] === undefined ? (first[1] ?? key) : `${first[1]}.${first[2]}`
  return key.replace(/\.value$/, '')
}
