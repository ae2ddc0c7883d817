import type { DefineMetricInput } from '@kiroku/core/metrics'
import type { GitFacts, HostFacts } from '@kiroku/core/runs'
import type { WireRecord } from '@kiroku/core/values'
import { readEnvironment } from './environment.ts'
import { type ExtendedRecord, type ExtendedValue, isExtendedRecord } from './extended-json.ts'
import { readMetricList } from './metric-definitions.ts'
import { toNumber, toText, toWireKey, toWireValue } from './wire.ts'

/** What the client says of itself and its run in the config's `_wandb`; null for what it did not say. */
export type ConfigFacts = {
  clientVersion: string | null
  pythonVersion: string | null
  /** The run was really started; a queued one has no telemetry. */
  hasStarted: boolean
  /** All metric definitions that the process has made; each stands in the place of what was known under its name. */
  definitions: DefineMetricInput[]
  /** By each process that writes to the run. */
  environments: { git: GitFacts; host: HostFacts; startedAt: number | null }[]
  /** Where a fork, or a rewind of the run itself, branched off. */
  branchPoint: { run: string; step: number } | null
  codePath: string | null
}

/** Keys that are the client's own and no config of the user. */
const ownKeys = new Set(['_wandb', 'wandb_version'])

/** Splits a wire config, `{ key: { desc?, value } }`, in the user's config, in wire form, and what `_wandb` says. */
export function splitConfig(record: ExtendedRecord): { config: WireRecord; facts: ConfigFacts } {
  const entries = Object.entries(record).filter(([key]) => !ownKeys.has(key))
  return {
    config: Object.fromEntries(entries.map(([key, entry]) => [toWireKey(key), toWireValue(unwrapped(entry))])),
    facts: readConfigFacts(unwrapped(record['_wandb'] ?? {})),
  }
}

/** Reads the value of `_wandb`. What is not as it should be counts as not said. */
export function readConfigFacts(value: ExtendedValue): ConfigFacts {
  const facts = isExtendedRecord(value) ? value : {}
  const environments = isExtendedRecord(facts['e']) ? Object.values(facts['e']) : []
  const clientVersion = toText(facts['cli_version'], 64) ?? null
  return {
    clientVersion,
    pythonVersion: toText(facts['python_version'], 64) ?? null,
    hasStarted: facts['t'] !== undefined,
    definitions: readMetricList(facts['m'] ?? []),
    environments: environments
      .filter(isExtendedRecord)
      .map((environment) => readEnvironment(environment, clientVersion)),
    branchPoint: readBranchPoint(facts['branch_point']),
    codePath: toText(facts['code_path'], 512) ?? null,
  }
}

function unwrapped(entry: ExtendedValue): ExtendedValue {
  if (!isExtendedRecord(entry)) return entry
  const { value } = entry
  const isWrapped = value !== undefined && Object.keys(entry).every((key) => key === 'value' || key === 'desc')
  return isWrapped ? value : entry
}

function readBranchPoint(value: ExtendedValue | undefined): ConfigFacts['branchPoint'] {
  if (!isExtendedRecord(value)) return null
  const run = toText(value['run_id'], 128)
  const step = toNumber(value['step'])
  return run === undefined || step === undefined || !Number.isSafeInteger(step) ? null : { run, step }
}
