import type { ExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { fieldsOf } from '../proto.ts'
import { readGit, timestampMs } from './environment-record.ts'
import { type Item, readChanges, utf8 } from './record-items.ts'

/** What the client says of itself. `isShared`: several processes write to the run at once, and none knows the step. */
export type Telemetry = { clientVersion: string | null; isOffline: boolean; isShared: boolean }

/** A run as the client told it, at its start or after a change. `startTime` is unix milliseconds. Empty texts are not said. */
export type RunFields = {
  id: string
  project: string
  config: Item[]
  group: string
  jobType: string
  displayName: string
  notes: string
  tags: string[]
  host: string
  startTime: number | null
  telemetry: Telemetry
  git: ExtendedRecord | null
  /** The script asked to go on with a run of this id. */
  isResume: boolean
  /** Where it was to branch off: from another run, or from itself. */
  branchPoint: { run: string; step: number } | null
}

/** Reads a run's record. */
export function readRun(message: Uint8Array): RunFields {
  const run: RunFields = {
    ...{ id: '', project: '', config: [], group: '', jobType: '', displayName: '', notes: '', tags: [], host: '' },
    ...{ startTime: null, telemetry: noTelemetry(), git: null },
    ...{ isResume: false, branchPoint: null },
  }
  for (const { number, value, bytes } of fieldsOf(message)) {
    if (number === 1) run.id = utf8(bytes)
    else if (number === 3) run.project = utf8(bytes)
    else if (number === 4) run.config = readChanges(bytes).update
    else if (number === 6) run.group = utf8(bytes)
    else if (number === 7) run.jobType = utf8(bytes)
    else if (number === 8) run.displayName = utf8(bytes)
    else if (number === 9) run.notes = utf8(bytes)
    else if (number === 10) run.tags.push(utf8(bytes))
    else if (number === 13) run.host = utf8(bytes)
    else if (number === 17) run.startTime = timestampMs(bytes)
    else if (number === 18 || number === 24) run.isResume ||= value === 1
    else if (number === 19) run.telemetry = readTelemetry(bytes)
    else if (number === 21) run.git = readGit(bytes)
    else if (number === 23) run.branchPoint = readBranchPoint(bytes)
  }
  return run
}

const noTelemetry = (): Telemetry => ({ clientVersion: null, isOffline: false, isShared: false })

/** Reads telemetry: features = 3 (offline = 4, shared mode = 67), the client's version = 5. */
export function readTelemetry(message: Uint8Array): Telemetry {
  const telemetry = noTelemetry()
  for (const { number, bytes } of fieldsOf(message)) {
    if (number === 5) telemetry.clientVersion = utf8(bytes)
    else if (number === 3) {
      const features = new Map([...fieldsOf(bytes)].map((feature) => [feature.number, feature.value]))
      telemetry.isOffline = features.get(4) === 1
      telemetry.isShared = features.get(67) === 1
    }
  }
  return telemetry
}

function readBranchPoint(message: Uint8Array): RunFields['branchPoint'] {
  const point = { run: '', step: Number.NaN }
  for (const { number, value, bytes } of fieldsOf(message)) {
    if (number === 1) point.run = utf8(bytes)
    else if (number === 2) point.step = value
  }
  return point.run !== '' && Number.isSafeInteger(point.step) && point.step >= 0 ? point : null
}
