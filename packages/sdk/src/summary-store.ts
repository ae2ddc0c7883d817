import {
  applyDefinition,
  clearSummaryOperations,
  type DefineMetricInput,
  type MetricDefinition,
  resolveDefinition,
} from '@kiroku/core/metrics'
import { summaryOf } from '@kiroku/core/summary'
import { cleanText, flatten, type Value } from '@kiroku/core/values'
import type { MetricTracker } from './metric-tracker.ts'
import { isSame } from './same-value.ts'
import { toValue } from './wire-value.ts'

/** What the summary is on this side: from what was logged here and before, and from what was set. */
export class SummaryStore {
  readonly #explicit = new Map<string, Value>()
  readonly #removed = new Set<string>()
  readonly #texts = new Map<string, Value>()
  readonly #trackers: ReadonlyMap<string, MetricTracker>
  readonly #onChange: (set: Record<string, Value>, unset: string[]) => void
  #definitions: readonly MetricDefinition[] = []

  constructor(
    trackers: ReadonlyMap<string, MetricTracker>,
    onChange: (set: Record<string, Value>, unset: string[]) => void,
  ) {
    this.#trackers = trackers
    this.#onChange = onChange
  }

  /**
   * Goes on from the summary that a run has already. What its metrics and definitions, which must be known by now, do not
   * amount to was set by hand, or removed.
   */
  resume(summary: Readonly<Record<string, Value>>): void {
    for (const [key, value] of Object.entries(summary)) {
      const logged = this.#logged(key)
      if (logged === undefined || !isSame(logged, value)) this.#explicit.set(key, value)
    }
    for (const key of this.#trackers.keys()) {
      if (!Object.hasOwn(summary, key) && this.#logged(key) !== undefined) this.#removed.add(key)
    }
  }

  /** Merges a definition in, which decides what the summary shows of a metric. */
  define(input: DefineMetricInput): void {
    this.#definitions = applyDefinition(this.#definitions, input)
  }

  /** Says that a number was logged: what was set before no longer stands. */
  sawNumber(name: string): void {
    if (this.#explicit.size > 0) this.#explicit.delete(name)
    if (this.#removed.size > 0) this.#removed.delete(name)
    if (this.#texts.size > 0) this.#texts.delete(name)
  }

  /** Says that another value was logged. Null makes no entry. */
  sawText(name: string, value: Value): void {
    if (value === null) return
    this.#explicit.delete(name)
    this.#removed.delete(name)
    this.#texts.set(name, value)
  }

  get(name: string): Value | undefined {
    if (this.#removed.has(name)) return undefined
    // Null may have been set, and hides what was logged.
    if (this.#explicit.has(name)) return this.#explicit.get(name)
    return this.#texts.get(name) ?? this.#logged(name)
  }

  /** True for a value, and for what values are below. */
  has(name: string): boolean {
    return this.get(name) !== undefined || this.#below(name).length > 0
  }

  keys(): string[] {
    const names = new Set([...this.#trackers.keys(), ...this.#texts.keys(), ...this.#explicit.keys()])
    return [...names].filter((name) => this.get(name) !== undefined)
  }

  /** All values. */
  get all(): Record<string, Value> {
    return Object.fromEntries(this.keys().map((name) => [name, this.get(name) ?? null]))
  }

  /** Sets values; nested records are opened to dotted keys. What a metric's definition asked of its summary is forgotten. */
  update(values: object): void {
    const opened = flatten(Object.fromEntries(Object.entries(values)), (value) => toValue(value))
    const set = Object.fromEntries(
      Object.entries(opened).flatMap(([key, value]) => (value === undefined ? [] : [[cleanText(key), value] as const])),
    )
    if (Object.keys(set).length === 0) return
    this.#onChange(set, [])
    for (const [key, value] of Object.entries(set)) {
      this.#explicit.set(key, value)
      this.#removed.delete(key)
      this.#definitions = clearSummaryOperations(this.#definitions, key)
    }
  }

  /** Removes a value, and all below it. */
  remove(name: string): void {
    const names = [...(this.get(name) === undefined ? [] : [name]), ...this.#below(name)]
    if (names.length === 0) return
    this.#onChange({}, names)
    for (const key of names) {
      this.#explicit.delete(key)
      this.#texts.delete(key)
      this.#removed.add(key)
    }
  }

  #below(name: string): string[] {
    return this.keys().filter((key) => key.startsWith(`${name}.`))
  }

  #logged(name: string): Value | undefined {
    const tracker = this.#trackers.get(name)
    return tracker === undefined ? undefined : summaryOf(tracker.totals, resolveDefinition(this.#definitions, name))
  }
}
