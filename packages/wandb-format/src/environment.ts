import { type GitFacts, type HostFacts, withoutSecrets } from '@kiroku/core/runs'
import { type ExtendedRecord, type ExtendedValue, isExtendedRecord } from './extended-json.ts'
import { toNumber, toText } from './wire.ts'

/** What a process said of its code and machine. `startedAt` is unix milliseconds. */
export type Environment = { git: GitFacts; host: HostFacts; startedAt: number | null }

const gibibyte = 2 ** 30

/**
 * Reads `wandb-metadata.json`, or the same record from the config (`_wandb.value.e`). What is missing or not as it should be
 * is left out. `clientVersion` is that of the wandb client, where it is known.
 */
export function readEnvironment(record: ExtendedRecord, clientVersion: string | null): Environment {
  const git = isExtendedRecord(record['git']) ? record['git'] : {}
  const remote = toText(git['remote'] ?? git['repo'], 4096)
  const words = Array.isArray(record['args']) ? record['args'] : undefined
  return {
    git: given({
      commit: toText(git['commit'], 64),
      remote: remote === undefined ? undefined : withoutSecrets(remote).slice(0, 1024),
    }),
    host: given({
      hostname: toText(record['host'], 256),
      os: toText(record['os'], 256),
      runtime: runtimeOf(record['python']),
      cpuModel: isExtendedRecord(record['cpu']) ? toText(record['cpu']['model'], 256) : undefined,
      cpuCount: countOf(record['cpu_count_logical'] ?? record['cpuCountLogical'] ?? record['cpu_count']),
      memoryBytes: memoryOf(record['memory']),
      program: toText(record['program'], 4096),
      arguments: words?.slice(0, 256).flatMap((word) => toText(word, 4096) ?? []),
      directory: toText(record['root'], 4096),
      sdk: clientVersion === null ? undefined : `wandb ${clientVersion}`.slice(0, 64),
    }),
    startedAt: timeOf(record['startedAt']),
  }
}

function given<T extends object>(facts: T): T {
  for (const [key, value] of Object.entries(facts)) if (value === undefined) Reflect.deleteProperty(facts, key)
  return facts
}

/** Older clients give the bare version. */
function runtimeOf(value: ExtendedValue | undefined): string | undefined {
  const text = toText(value, 100)
  return text !== undefined && /^\d/.test(text) ? `Python ${text}` : text
}

function countOf(value: ExtendedValue | undefined): number | undefined {
  const count = numeric(value)
  return count !== undefined && Number.isSafeInteger(count) && count > 0 ? count : undefined
}

/** Bytes as digits; a plain number from older clients is gibibytes. */
function memoryOf(value: ExtendedValue | undefined): number | undefined {
  const total = isExtendedRecord(value) ? value['total'] : undefined
  const number = numeric(total)
  if (number === undefined || !(number > 0) || !Number.isFinite(number)) return undefined
  return typeof total === 'string' || number >= 2 ** 20 ? number : Math.round(number * gibibyte)
}

function numeric(value: ExtendedValue | undefined): number | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : toNumber(value)
}

function timeOf(value: ExtendedValue | undefined): number | null {
  const text = toText(value, 64)
  if (text === undefined) return null
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
  return Number.isNaN(time) ? null : time
}
