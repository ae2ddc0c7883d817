import type { GitFacts, HostFacts, RunLabelsPatch } from '@kiroku/core/runs'
import { withoutSecrets } from '@kiroku/core/runs'
import type { WireRecord } from '@kiroku/core/values'
import { type ExtendedValue, isExtendedRecord, parseExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { type ConfigFacts, splitConfig } from '@kiroku/wandb-format/run-config'
import { toWireDocument } from '@kiroku/wandb-format/wire'
import type { UpsertInput } from './upsert-input.ts'

/** A config as it came: the user's, the client's own part, both in wire form, and what that says. */
export type ReadConfig = { config: WireRecord; internal: WireRecord; facts: ConfigFacts }

/** Reads the config document of an upsert; undefined when it has none. Throws BAD_REQUEST for what is no document. */
export function readConfig(text: string | null | undefined): ReadConfig | undefined {
  if (!text) return undefined
  const record = parseExtendedRecord(text)
  const own = valueIn(record['_wandb'])
  return { ...splitConfig(record), internal: isExtendedRecord(own) ? toWireDocument(own) : {} }
}

function valueIn(entry: ExtendedValue | undefined): ExtendedValue | undefined {
  return isExtendedRecord(entry) ? (entry['value'] ?? entry) : undefined
}

/** The labels that an upsert gives: what is null stays. */
export function labelsOf({ displayName, groupName, jobType, notes, tags }: UpsertInput): RunLabelsPatch {
  return {
    ...(displayName && { displayName }),
    ...(groupName != null && { group: groupName || null }),
    ...(jobType != null && { jobType: jobType || null }),
    ...(notes != null && { notes }),
    ...(tags != null && { tags }),
  }
}

/** What an upsert tells of code and machine before the client has looked closer. */
export function firstFacts(
  { commit, jobRepo, host, jobProgram }: UpsertInput,
  read: ReadConfig | undefined,
): { git: GitFacts; host: HostFacts } {
  const { clientVersion, pythonVersion } = read?.facts ?? {}
  return {
    git: {
      ...(commit && { commit }),
      ...(jobRepo && { remote: withoutSecrets(jobRepo).slice(0, 1024) }),
    },
    host: {
      ...(host && { hostname: host }),
      ...(jobProgram && { program: jobProgram }),
      ...(clientVersion && { sdk: `wandb ${clientVersion}` }),
      ...(pythonVersion && { runtime: `Python ${pythonVersion}` }),
    },
  }
}
