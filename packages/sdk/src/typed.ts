import type { SummaryOperation } from '@kiroku/core/metrics'
import type * as z from 'zod'

/** How a declared metric is charted and kept. `step` names the declared metric that is its x axis. */
export type MetricOptions<Step extends string = string, Sync extends boolean = boolean> = {
  step?: Step
  /** False: a row is not given the step metric's latest value, and must name it itself. */
  stepSync?: Sync
  goal?: 'minimize' | 'maximize'
  /** What its numbers count, such as `nats` or `ms`. */
  unit?: string
  summary?: readonly SummaryOperation[]
  /** Kept out of the dashboard's own charts. */
  hidden?: boolean
}

declare const valueType: unique symbol

/** A declared metric: its options, and for values that are not plain numbers their schema. */
export type MetricSpec<Value = unknown, Step extends string = string, Sync extends boolean = boolean> = {
  readonly options: MetricOptions<Step, Sync>
  readonly schema: z.ZodType | undefined
  readonly [valueType]?: (value: Value) => Value
}

// Read off the options, not inferred from what the call is for: there a step could be any name.
type StepGiven<Options> = Options extends { readonly step: infer Step extends string } ? Step : never
type SyncGiven<Options> = Options extends { readonly stepSync: infer Sync extends boolean } ? Sync : true

type AnyMetricSpec = {
  readonly options: MetricOptions
  readonly schema: z.ZodType | undefined
}

/** The metrics that a run declares, by name. */
export type MetricMap = Readonly<Record<string, AnyMetricSpec>>

/** Declares a metric of numbers. */
export function metric(): MetricSpec<number, never, true>
export function metric<const Options extends MetricOptions>(
  options: Options,
): MetricSpec<number, StepGiven<Options>, SyncGiven<Options>>
/** Declares a metric whose values a schema describes; `log()` throws for a value that it refuses. */
export function metric<Schema extends z.ZodType, const Options extends MetricOptions = Record<never, never>>(
  schema: Schema,
  options?: Options,
): MetricSpec<z.input<Schema>, StepGiven<Options>, SyncGiven<Options>>
export function metric(first?: z.ZodType | MetricOptions, second?: MetricOptions): AnyMetricSpec {
  return isSchema(first) ? { schema: first, options: second ?? {} } : { schema: undefined, options: first ?? {} }
}

/** True for a zod schema. */
export function isSchema(value: unknown): value is z.ZodType {
  return typeof value === 'object' && value !== null && '~standard' in value && 'safeParse' in value
}

type ValueOf<Spec> = Spec extends MetricSpec<infer Value, string, boolean> ? Value : never
type StepOf<Spec> = Spec extends { readonly options: MetricOptions<infer Step, boolean> } ? Step : never
type SyncOf<Spec> = Spec extends { readonly options: MetricOptions<string, infer Sync> } ? Sync : never

/** True when no metrics were declared: anything may be logged. */
type IsOpen<Metrics> = string extends keyof Metrics ? true : false

/** What a step names must be a declared metric of numbers. */
export type CheckedSteps<Metrics> = {
  readonly [Name in keyof Metrics]: StepOf<Metrics[Name]> extends NumericNames<Metrics>
    ? unknown
    : { readonly options: { readonly step?: NumericNames<Metrics> } }
}

type NumericNames<Metrics> = {
  [Name in keyof Metrics]: [ValueOf<Metrics[Name]>] extends [number] ? Name : never
}[keyof Metrics]

/** A row that may be logged: of declared metrics only, when any are declared. */
export type RowOf<Metrics> =
  IsOpen<Metrics> extends true ? object : { readonly [Name in keyof Metrics]?: ValueOf<Metrics[Name]> | undefined }

/** The step metrics of all of a run's metrics. */
type StepNames<Metrics> = { [Name in keyof Metrics]: StepOf<Metrics[Name]> }[keyof Metrics]

/** The step metrics that a row must name: all of its metrics' as soon as it names any, and those that are not synced. */
type NeededSteps<Metrics, Row> = {
  [Name in keyof Row & keyof Metrics]: [StepOf<Metrics[Name]>] extends [never]
    ? never
    : SyncOf<Metrics[Name]> extends false
      ? StepOf<Metrics[Name]>
      : [keyof Row & StepNames<Metrics>] extends [never]
        ? never
        : StepOf<Metrics[Name]>
}[keyof Row & keyof Metrics]

/** What a row must also be: without metrics that were not declared, and with the step metrics that it needs. */
export type CheckedRow<Metrics, Row> =
  IsOpen<Metrics> extends true
    ? unknown
    : { readonly [Name in Exclude<keyof Row, keyof Metrics>]: `${Name & string} is not a declared metric` } & {
        readonly [Step in NeededSteps<Metrics, Row>]: number
      }

/** What `init()` takes as config: values, a schema that has a default for everything, or a schema and its values. */
export type CheckedConfig<Config> = Config extends z.ZodType
  ? Record<never, never> extends z.input<Config>
    ? unknown
    : { readonly 'a field of this schema has no default: pass { schema, values }': never }
  : Config extends { readonly schema: infer Schema extends z.ZodType; readonly values: unknown }
    ? { readonly schema: Schema; readonly values: z.input<Schema> }
    : unknown

/** The values that a run's config holds. */
export type ConfigOf<Config> = Config extends z.ZodType
  ? z.output<Config>
  : Config extends { readonly schema: infer Schema extends z.ZodType; readonly values: unknown }
    ? z.output<Schema>
    : Config & Record<string, unknown>

/** No declared metrics. */
export type OpenMetrics = Readonly<Record<string, MetricSpec>>
