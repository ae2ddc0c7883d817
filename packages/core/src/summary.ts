import * as z from 'zod'
import type { MetricDefinition, SummaryOperation } from './metrics.ts'
import { fromWireNumber, toWireNumber, type Value, type WireNumber, wireNumberSchema } from './values.ts'

/**
 * What a metric's points amount to. `count` is all of them, `finiteCount` those that are neither NaN nor infinite;
 * `min`, `max` and `sum` pass over NaN, and `min` and `max` take infinities as they are. Null until there is one.
 */
export type MetricTotals = {
  count: number
  finiteCount: number
  nanCount: number
  first: number | null
  last: number | null
  min: number | null
  max: number | null
  sum: number
  lastStep: number
}

/** Totals as they travel in JSON: their numbers in wire form. `readTotals` and `writeTotals` convert. */
export const metricTotalsSchema = z.object({
  count: z.number().int().nonnegative(),
  finiteCount: z.number().int().nonnegative(),
  nanCount: z.number().int().nonnegative(),
  first: wireNumberSchema.nullable(),
  last: wireNumberSchema.nullable(),
  min: wireNumberSchema.nullable(),
  max: wireNumberSchema.nullable(),
  sum: wireNumberSchema,
  lastStep: z.number(),
})
export type WireTotals = z.infer<typeof metricTotalsSchema>

/** Puts totals in wire form. */
export function writeTotals(totals: MetricTotals): WireTotals {
  const wire = (value: number | null): WireNumber | null => (value === null ? null : toWireNumber(value))
  const { first, last, min, max, sum, ...counts } = totals
  return { ...counts, first: wire(first), last: wire(last), min: wire(min), max: wire(max), sum: toWireNumber(sum) }
}

/** The inverse of `writeTotals`. */
export function readTotals(wire: WireTotals): MetricTotals {
  const read = (value: WireNumber | null): number | null => (value === null ? null : fromWireNumber(value))
  const { first, last, min, max, sum, ...counts } = wire
  return { ...counts, first: read(first), last: read(last), min: read(min), max: read(max), sum: fromWireNumber(sum) }
}

/** Totals of no points. */
export function emptyTotals(): MetricTotals {
  return { count: 0, finiteCount: 0, nanCount: 0, first: null, last: null, min: null, max: null, sum: 0, lastStep: -1 }
}

/**
 * Totals with the values from `from` up to `to` (excluded) added, in their order. `lastStep` is the step of the last of
 * them. NaN is counted and otherwise ignored by `min`, `max` and `sum`.
 */
export function addToTotals(
  totals: MetricTotals,
  values: Float64Array,
  range: { from: number; to: number; lastStep: number },
): MetricTotals {
  if (range.to <= range.from) return totals
  let { count, finiteCount, nanCount, first, sum } = totals
  let min = totals.min ?? Number.POSITIVE_INFINITY
  let max = totals.max ?? Number.NEGATIVE_INFINITY
  for (let index = range.from; index < range.to; index++) {
    const value = values[index] ?? Number.NaN
    count++
    if (Number.isNaN(value)) {
      nanCount++
      continue
    }
    if (value < min) min = value
    if (value > max) max = value
    sum += value
    if (Number.isFinite(value)) finiteCount++
  }
  first ??= values[range.from] ?? null
  const hasNumber = count > nanCount
  return {
    count,
    finiteCount,
    nanCount,
    first,
    last: values[range.to - 1] ?? null,
    min: hasNumber ? min : null,
    max: hasNumber ? max : null,
    sum,
    lastStep: Math.max(totals.lastStep, range.lastStep),
  }
}

/**
 * What the summary shows for a metric: its last value; with summary operations an object with one entry for each, such
 * as `{ min: 1, max: 3 }`; undefined for `none`. `mean` is `sum / (count - nanCount)`.
 */
export function summaryOf(totals: MetricTotals, definition: MetricDefinition | undefined): Value | undefined {
  const operations = definition?.summary ?? []
  if (operations.includes('none')) return undefined
  const kept = operations.filter((operation) => operation !== 'copy')
  if (kept.length === 0) return totals.last ?? undefined
  const entries = kept.map((operation) => [operation, applyOperation(totals, operation, definition)] as const)
  return Object.fromEntries(entries.flatMap(([operation, value]) => (value === null ? [] : [[operation, value]])))
}

function applyOperation(
  totals: MetricTotals,
  operation: SummaryOperation,
  definition: MetricDefinition | undefined,
): number | null {
  switch (operation) {
    case 'min':
      return totals.min
    case 'max':
      return totals.max
    case 'mean':
      return totals.count > totals.nanCount ? totals.sum / (totals.count - totals.nanCount) : null
    case 'first':
      return totals.first
    case 'best':
      return definition?.goal === 'maximize' ? totals.max : totals.min
    case 'last':
    case 'copy':
    case 'none':
      return totals.last
  }
}
