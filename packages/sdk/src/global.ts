import { KirokuError } from '@kiroku/core/errors'
import type { DefineMetricInput } from '@kiroku/core/metrics'
import type { RunConfig } from './config.ts'
import type { DefineMetricOptions } from './define-metric.ts'
import { type InitOptions, startRun } from './init.ts'
import { forwardingProxy } from './record-proxy.ts'
import { type FinishOptions, type LogOptions, Run } from './run.ts'
import type { RunSummary } from './run-summary.ts'
import type { ConfigOf, MetricMap, OpenMetrics } from './typed.ts'

type AnyRun = Pick<
  Run,
  | 'id'
  | 'name'
  | 'url'
  | 'signal'
  | 'project'
  | 'dir'
  | 'step'
  | 'isResumed'
  | 'config'
  | 'summary'
  | 'markPreempting'
  | 'finish'
  | 'isFinished'
> & {
  log(row: object, options?: LogOptions): void
  defineMetric(name: string, options?: DefineMetricOptions): DefineMetricInput
}

/** The run that was begun last; undefined before the first. */
export let run: AnyRun | undefined

/**
 * Begins a run and answers it at once: the server is told in the background, and an unreachable one keeps nothing from
 * going on. The run is also the one that `log`, `config` and the other functions of this module are about.
 * Throws `KirokuError` for a caller's mistake only, such as a name that cannot be one.
 */
export function init<Config extends object = Record<string, unknown>, const Metrics extends MetricMap = OpenMetrics>(
  options: InitOptions<Config, Metrics> = {},
): Run<Metrics, ConfigOf<Config>> {
  const begun = startRun(options)
  run = isAnyRun(begun) ? begun : undefined
  return begun
}

/** Records a row of the run that was begun last; see `Run.log`. */
export function log(row: object, options?: LogOptions): void {
  current('log()').log(row, options)
}

/** Defines a metric of the run that was begun last; see `Run.defineMetric`. */
export function defineMetric(name: string, options?: DefineMetricOptions): DefineMetricInput {
  return current('defineMetric()').defineMetric(name, options)
}

/** Ends the run that was begun last; see `Run.finish`. Does nothing when none was begun. */
export async function finish(options?: FinishOptions): Promise<void> {
  await run?.finish(options)
}

/** The config of the run that was begun last. */
export const config: RunConfig<Record<string, unknown>> = forwarded('config')

/** The summary of the run that was begun last. */
export const summary: RunSummary = forwarded('summary')

function current(what: string): AnyRun {
  if (run !== undefined) return run
  throw new KirokuError({ code: 'BAD_REQUEST', message: `${what} comes before init()` })
}

function isAnyRun(begun: unknown): begun is AnyRun {
  return begun instanceof Run
}

function forwarded<Name extends 'config' | 'summary'>(name: Name): AnyRun[Name] {
  const target = (): AnyRun[Name] => current(name)[name]
  return forwardingProxy(target)
}
