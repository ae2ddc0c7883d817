import type { MetricDefinition } from '@kiroku/core/metrics'
import type { WireRecord, WireValue } from '@kiroku/core/values'
import type { ExtendedRecord, ExtendedValue } from '@kiroku/wandb-format/extended-json'
import { isExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { isKeptMedia, isMedia } from '@kiroku/wandb-format/media-values'
import { readSummary } from '@kiroku/wandb-format/run-summary'
import { toWireKey, toWireValue } from '@kiroku/wandb-format/wire'

/** Entries of a summary to set, in wire form, and names to remove, as they are. */
export type SummaryChange = { set: WireRecord; unset: string[] }

/** A summary document under wire keys, in wire form. */
export function readWireSummary(
  document: ExtendedRecord,
  definitions: readonly MetricDefinition[],
  media: (value: ExtendedRecord) => WireValue,
): { entries: Map<string, WireValue>; lastStep: number | null } {
  const { entries, lastStep } = readSummary(document, definitions)
  const toWire = (value: ExtendedValue): WireValue => {
    if (typeof value === 'bigint') return Number(value)
    return isExtendedRecord(value) && isMedia(value) ? media(value) : toWireValue(value)
  }
  return { entries: new Map([...entries].map(([name, value]) => [toWireKey(name), toWire(value)])), lastStep }
}

/** What makes one summary of the other. Both are under wire keys, in wire form. */
export function summaryChange(
  before: ReadonlyMap<string, WireValue>,
  after: ReadonlyMap<string, WireValue>,
): SummaryChange {
  return {
    set: Object.fromEntries([...after].filter(([key, value]) => !isKept(before.get(key), value))),
    unset: [...before.keys()].filter((key) => !after.has(key)).map(nameOfKey),
  }
}

/** The name that a wire key stands for. */
export function nameOfKey(key: string): string {
  return key.startsWith('$$') ? key.slice(1) : key
}

/** Whether a value that a client tells of, in wire form, is the one that is kept. */
export function isKept(kept: WireValue | undefined, told: WireValue): boolean {
  return isSame(kept, told) || isKeptMedia(kept, told)
}

/** Whether two values in wire form are the same, whatever the order of their keys. */
export function isSame(left: WireValue | undefined, right: WireValue | undefined): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  const [one, other] = [Object.entries(left), new Map(Object.entries(right))]
  return (
    Array.isArray(left) === Array.isArray(right) &&
    one.length === other.size &&
    one.every(([key, value]) => other.has(key) && isSame(value, other.get(key)))
  )
}
