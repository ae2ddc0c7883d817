import { KirokuError, parseInput } from '@kiroku/core/errors'
import { decideStep, type StepState } from '@kiroku/core/log-step'
import { type DefineMetricInput, defineMetricInputSchema } from '@kiroku/core/metrics'
import { type RunLabelsPatch, runLabelsPatchSchema, stateOfExitCode, tagsInputSchema } from '@kiroku/core/runs'
import { readTotals } from '@kiroku/core/summary'
import { fromWireRecord, isRecord, toWireRecord } from '@kiroku/core/values'
import * as z from 'zod'
import { ConfigStore, type RunConfig } from './config.ts'
import { type DefineMetricOptions, definitionOf } from './define-metric.ts'
import { sawWork } from './interrupt.ts'
import type { LogUpdate } from './log/schemas.ts'
import { endTable } from './messages.ts'
import { MetricTracker } from './metric-tracker.ts'
import { RowRecorder } from './row-recorder.ts'
import { configOf } from './run-config.ts'
import type { RunLink } from './run-link.ts'
import { type RunParts, stepMetricsOf } from './run-parts.ts'
import { type RunSummary, summaryOfRun } from './run-summary.ts'
import { cleanLabels } from './settings.ts'
import { SummaryStore } from './summary-store.ts'
import type { CheckedRow, OpenMetrics, RowOf } from './typed.ts'
import { Warnings } from './warnings.ts'

/** `step`: the row's step, a whole number; `commit`: whether the row ends here (so it does when no step is given). */
export type LogOptions = { step?: number; commit?: boolean }

/** How a run ends: 0 is `finished`, anything else `failed`. `timeoutMs` bounds the wait for a silent server. */
export type FinishOptions = { exitCode?: number; timeoutMs?: number }

/** One run: what a script logs to. Only a caller's mistake throws here; trouble with network or disk never does. */
export class Run<Metrics = OpenMetrics, Config = Record<string, unknown>> {
  readonly id: string
  readonly project: string
  /** The run's config. Reading is by property; so is setting, for what has no other value yet. */
  readonly config: RunConfig<Config>
  /** The run's summary: the last value of each metric, or what its definition asks for, or what was set. */
  readonly summary: RunSummary
  readonly #link: RunLink
  readonly #onEnding: (() => void) | undefined
  readonly #recorder: RowRecorder
  readonly #summary: SummaryStore
  readonly #schemas: ReadonlyMap<string, z.ZodType>
  readonly #warnings: Warnings
  #labels: RunLabelsPatch
  readonly #isShared: boolean
  #steps: StepState = { step: 0, hasRow: false }
  #isPreempting = false
  #isEnded = false
  #finishing: Promise<void> | undefined

  constructor(parts: RunParts) {
    this.id = parts.id
    this.project = parts.project
    this.#link = parts.link
    this.#onEnding = parts.onEnding
    this.#labels = parts.labels
    this.#schemas = parts.schemas
    this.#warnings = new Warnings(parts.link.tell)
    const recorder: RowRecorder = new RowRecorder(
      parts.link.send,
      {
        sawNumber: (name) => this.#summary.sawNumber(name),
        sawText: (name, value) => this.#summary.sawText(name, value),
      },
      (name) =>
        this.#warnings.warn(
          'name',
          `a metric's name has 1 to 512 characters; \`${name.slice(0, 40)}\` is not recorded`,
        ),
      (topic, text) => this.#warnings.warn(topic, text),
    )
    this.#recorder = recorder
    this.#summary = new SummaryStore(recorder.trackers, (set, unset) =>
      this.#update({ type: 'summary', set: toWireRecord(set), unset }),
    )
    for (const definition of parts.definitions) this.#summary.define(definition)
    const config = new ConfigStore(
      parts.config,
      (set) => this.#update({ type: 'config', set: toWireRecord(set) }),
      parts.allowValChange === undefined ? {} : { allowValChange: parts.allowValChange },
    )
    this.#isShared = parts.isShared ?? false
    if (parts.beginning) this.#begin(parts.beginning)
    this.config = configOf(config)
    this.summary = summaryOfRun(this.#summary)
  }

  /** What people call the run; the id until the server gave it a name. */
  get name(): string {
    return this.#labels.displayName ?? this.#link.facts().name ?? this.id
  }

  set name(name: string) {
    this.#relabel({ displayName: name })
  }

  /** The run's page; undefined until the server knows the run. */
  get url(): string | undefined {
    return this.#link.facts().url
  }

  /** Where the run's local data is; undefined when it has none. */
  get dir(): string | undefined {
    return this.#link.directory
  }

  /**
   * The step that the next row goes to. Throws `KirokuError` CONFLICT for a shared run, whose steps the server gives. A run that
   * goes on where the server could not be asked counts from 0 until it is.
   */
  get step(): number {
    if (this.#isShared) {
      throw new KirokuError({
        code: 'CONFLICT',
        message: `the server gives the steps of run ${this.id}, which is shared`,
      })
    }
    return this.#steps.step
  }

  get tags(): readonly string[] {
    return this.#labels.tags ?? []
  }

  set tags(tags: string | readonly string[]) {
    this.#relabel({ tags: parseInput(z.unknown().pipe(tagsInputSchema), tags, 'tags') })
  }

  get group(): string | null {
    return this.#labels.group ?? null
  }

  set group(group: string | null) {
    this.#relabel({ group })
  }

  get jobType(): string | null {
    return this.#labels.jobType ?? null
  }

  set jobType(jobType: string | null) {
    this.#relabel({ jobType })
  }

  get notes(): string | null {
    return this.#labels.notes ?? null
  }

  set notes(notes: string | null) {
    this.#relabel({ notes })
  }

  /** True when the run was known to the server and goes on; false until the server answered. */
  get isResumed(): boolean {
    return this.#link.facts().isResumed ?? false
  }

  /**
   * Aborted once somebody asks that the run stops, with an `AbortError`. A script that has read it ends by itself, and is not
   * interrupted. Reading it looks for news, also where the event loop does not turn.
   */
  get signal(): AbortSignal {
    return this.#link.signal()
  }

  /** True once the run was finished. */
  get isFinished(): boolean {
    return this.#isEnded
  }

  /**
   * Records a row. Numbers become points of their metrics, nested records are opened to dotted keys, everything else is
   * kept as it is. Without a step the row ends and the next one begins; with a step the row stays open for more calls
   * with that step. Takes microseconds; throws `KirokuError` for a caller's mistake only.
   */
  log<const Row extends RowOf<Metrics>>(row: Row & CheckedRow<Metrics, Row>, options: LogOptions = {}): void {
    if (this.#isEnded) throw this.#endedError('log()')
    if (typeof options !== 'object' || options === null)
      throw mistake('log: the step is an option: log(row, { step: 100 })')
    const { step: asked, commit } = options
    if (asked !== undefined && !Number.isSafeInteger(asked))
      throw mistake(`log: step must be a whole number, not ${String(asked)}`)
    if (commit !== undefined && typeof commit !== 'boolean') throw mistake('log: commit must be true or false')
    if (!isRecord(row)) throw mistake(`log: a row is a record such as { loss: 0.1 }, not ${describe(row)}`)
    if (this.#schemas.size > 0) this.#check(row)
    const step = this.#isShared ? undefined : asked
    if (asked !== step) {
      this.#warnings.once('shared', 'the server gives the steps of a shared run; those that are given here are ignored')
    }
    const decision = decideStep(this.#steps, { step, commit })
    if (decision.isDropped) {
      this.#warnings.warn(
        'step',
        `step ${step} is below the current step ${this.#steps.step}; steps only rise, so this row is not recorded (bind metrics to their own step with defineMetric to log them in any order)`,
      )
      return
    }
    if (!Number.isSafeInteger(decision.step)) {
      this.#warnings.warn('step', `no step is left after ${this.#steps.step - 1}; this row is not recorded`)
      return
    }
    const time = Date.now()
    sawWork(time)
    const outcome = this.#recorder.row(row, {
      step: decision.step,
      time,
      commits: decision.flushAfter,
      isExplicit: step !== undefined,
    })
    this.#steps = decision.next
    if (outcome.kind === 'tooLong') {
      this.#warnings.warn(
        'size',
        `a row of ${outcome.bytes} bytes is longer than a row may be (10 MiB), it is not recorded`,
      )
    } else if (outcome.kind === 'refused') {
      this.#warnings.warn('size', `${outcome.why}; the row is not recorded`)
    } else if (outcome.kind === 'dropped') {
      this.#warnings.warn('memory', 'rows come faster than the disk takes them; some are not recorded')
    }
  }

  /**
   * Says what a metric, or with a `*` at the end all metrics of a prefix, is drawn over and how its summary is kept.
   * Answers the definition; its `name` may be given as another's `stepMetric`. Throws `KirokuError` for a mistake.
   */
  defineMetric(name: string, options: DefineMetricOptions = {}): DefineMetricInput {
    if (this.#isEnded) throw this.#endedError('defineMetric()')
    const definition = parseInput(defineMetricInputSchema, definitionOf(name, options), 'defineMetric')
    this.#update({ type: 'define', definition })
    this.#summary.define(definition)
    return definition
  }

  /**
   * Ends the run and waits until the server has everything, or until it took nothing for `timeoutMs` (30 s, or
   * `KIROKU_FINISH_TIMEOUT`): the data is on this disk then, and goes on being sent. Calling it again changes nothing.
   */
  finish(options: FinishOptions = {}): Promise<void> {
    const { exitCode = 0, timeoutMs } = options
    if (!Number.isSafeInteger(exitCode))
      throw mistake(`finish: exitCode must be a whole number, not ${String(exitCode)}`)
    this.end(exitCode)
    this.#finishing ??= this.#link.settle(timeoutMs)
    return this.#finishing
  }

  /**
   * Says that the machine is about to be taken away: from now on the run is `preempting`, and `preempted`, not failed or crashed, if
   * it then ends by anything but exit code 0 or falls silent, until a script resumes it. Calling it again changes nothing.
   */
  markPreempting(): void {
    if (this.#isEnded) throw this.#endedError('markPreempting()')
    if (this.#isPreempting) return
    this.#update({ type: 'preempting' })
    this.#isPreempting = true
  }

  /** Ends the run and does not wait; the rest is sent in the background. Calling it again changes nothing. */
  end(exitCode: number): void {
    if (this.#isEnded) return
    this.#onEnding?.()
    // A process' status has 32 bits; on some systems it is told without its sign.
    const state = this.#link.isStopAsked() ? 'killed' : stateOfExitCode(exitCode)
    this.#update({ type: 'finish', state, exitCode: exitCode | 0, time: Date.now() })
    this.#isEnded = true
    this.#warnings.close()
    const courses = new Map([...this.#recorder.trackers].map(([name, tracker]) => [name, tracker.course]))
    this.#link.end(endTable(courses, this.#summary.all), exitCode)
  }

  [Symbol.dispose](): void {
    this.end(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish()
  }

  /** Goes on from what the server has of the run, from the first step that is free. */
  #begin({ startingStep, resumed }: NonNullable<RunParts['beginning']>): void {
    if (!this.#isShared) {
      this.#steps = { step: startingStep, hasRow: false }
      this.#recorder.start({ step: startingStep, ...stepMetricsOf(resumed) })
    }
    if (resumed === null) return
    for (const [name, totals] of Object.entries(resumed.totals)) {
      this.#recorder.trackers.set(name, new MetricTracker(readTotals(totals)))
    }
    this.#summary.resume(fromWireRecord(resumed.summary))
  }

  #check(row: Readonly<Record<string, unknown>>): void {
    for (const [name, schema] of this.#schemas) {
      if (row[name] !== undefined) parseInput(schema, row[name], `log: ${name}`)
    }
  }

  #relabel(set: RunLabelsPatch): void {
    const labels = cleanLabels(parseInput(runLabelsPatchSchema, set, 'run'))
    this.#update({ type: 'labels', set: labels })
    this.#labels = { ...this.#labels, ...labels }
  }

  #update(update: LogUpdate): void {
    if (this.#isEnded) throw this.#endedError(update.type)
    if (!this.#recorder.update(update)) {
      this.#warnings.warn('size', `an update of the ${update.type} is longer than 10 MiB, it is not recorded`)
    }
  }

  #endedError(what: string): KirokuError {
    return new KirokuError({ code: 'CONFLICT', message: `run ${this.id} is finished; ${what} comes too late` })
  }
}

function mistake(message: string): KirokuError {
  return new KirokuError({ code: 'BAD_REQUEST', message })
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (value === undefined) return 'undefined'
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : `a ${typeof value}`
}
