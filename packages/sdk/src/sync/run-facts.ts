import { join } from 'node:path'
import type { GitFacts } from '@kiroku/core/runs'
import type { WireRecord } from '@kiroku/core/values'
import { logFileName, recordKinds } from '../log/format.ts'
import { LogReader } from '../log/log-reader.ts'
import { readJsonRecord } from '../log/record-json.ts'
import { type LogHeader, logFactsSchema, logHeaderSchema, logUpdateSchema } from '../log/schemas.ts'

/** What a run's log tells of its config and code. `config` is in wire form, with every change up to now. */
export type LocalRunFacts = { config: WireRecord; git: GitFacts }

/**
 * Reads what a run on this disk was started with, and what was added to it since. Undefined where the log's beginning cannot
 * be read. Throws what the file system throws.
 */
export function readRunFacts(directory: string): LocalRunFacts | undefined {
  const reader = new LogReader(join(directory, logFileName))
  reader.isFinal = true
  let header: LogHeader | undefined
  let git: GitFacts = {}
  const changes: WireRecord[] = []
  try {
    while (reader.next()) {
      const kind = reader.bytes[reader.start]
      if (kind === recordKinds.header) header ??= readJsonRecord(reader, logHeaderSchema)
      else if (kind === recordKinds.facts) git = { ...git, ...readJsonRecord(reader, logFactsSchema)?.git }
      else if (kind === recordKinds.update) {
        const update = readJsonRecord(reader, logUpdateSchema)
        if (update?.type === 'config') changes.push(update.set)
      }
    }
  } finally {
    reader.close()
  }
  if (header === undefined) return undefined
  return { config: Object.assign({}, header.create.config, ...changes), git }
}
