import { type DefineMetricInput, defineMetricInputSchema, type Goal, type SummaryOperation } from '@kiroku/core/metrics'
import { cleanText } from '@kiroku/core/values'
import { type ExtendedRecord, type ExtendedValue, isExtendedRecord } from './extended-json.ts'
import { toNumber } from './wire.ts'

/** A definition as the client's protocol says it. `name` is exact, `glob` ends in `*`; one of them is given. */
export type WandbMetric = {
  name?: string | undefined
  glob?: string | undefined
  stepMetric?: string | undefined
  stepSync?: boolean | undefined
  hidden?: boolean | undefined
  /** Numbers of summary operations: 1 min, 2 max, 3 mean, 4 best, 5 last, 6 none, 7 copy, 8 first. */
  summary?: readonly number[] | undefined
  /** 1 minimize, 2 maximize. */
  goal?: number | undefined
}

const operations: Readonly<Record<number, SummaryOperation>> = {
  1: 'min',
  2: 'max',
  3: 'mean',
  4: 'best',
  5: 'last',
  6: 'none',
  7: 'copy',
  8: 'first',
}
const goals: Readonly<Record<number, Goal>> = { 1: 'minimize', 2: 'maximize' }

/**
 * A definition in Kiroku's shape. It stands in the place of its namesake, as the client sends what all its calls amount to;
 * without `overwrite` it is one call, to be merged.
 * `a\.b` is the metric `a.b`. Undefined for one that Kiroku has no place for, such as an empty or overlong name.
 */
export function toDefinition(metric: WandbMetric, overwrite = true): DefineMetricInput | undefined {
  const { glob, stepMetric, stepSync, hidden, summary = [], goal } = metric
  const kept = [...new Set(summary.flatMap((number) => operations[number] ?? []))]
  const parsed = defineMetricInputSchema.safeParse({
    name: plainName(metric.name || glob || ''),
    ...(stepMetric && { stepMetric: plainName(stepMetric), stepSync: stepSync ?? false }),
    ...(hidden && { hidden }),
    ...(kept.length > 0 && { summary: kept }),
    ...(goal !== undefined && goals[goal] && { goal: goals[goal] }),
    ...(overwrite && { overwrite }),
  })
  return parsed.success ? parsed.data : undefined
}

/** Decodes the list `_wandb.value.m`. Elements that are none are passed over. */
export function readMetricList(list: ExtendedValue): DefineMetricInput[] {
  const records = Array.isArray(list) ? list.map((item) => (isExtendedRecord(item) ? item : {})) : []
  return records.flatMap((record) => toDefinition(readRecord(record, records)) ?? [])
}

function readRecord(record: ExtendedRecord, all: readonly ExtendedRecord[]): WandbMetric {
  const options = numbersOf(record['6'])
  const index = toNumber(record['5'])
  const referred = index === undefined ? undefined : all[index - 1]
  return {
    name: textOf(record['1']),
    glob: textOf(record['2']),
    stepMetric: textOf(record['4']) ?? textOf(referred?.['1']),
    stepSync: options.includes(1),
    hidden: options.includes(2),
    summary: numbersOf(record['7']),
    goal: toNumber(record['8']),
  }
}

/** A dot of a key is escaped where it does not part nested names; Kiroku has one metric for both spellings. */
const plainName = (name: string): string => cleanText(name.replaceAll('\\.', '.'))

const textOf = (value: ExtendedValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined)

const numbersOf = (value: ExtendedValue | undefined): number[] =>
  Array.isArray(value) ? value.flatMap((item) => toNumber(item) ?? []) : []
