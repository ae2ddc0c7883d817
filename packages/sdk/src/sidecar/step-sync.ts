import {
  applyDefinition,
  type DefineMetricInput,
  isStepSynced,
  type MetricDefinition,
  resolveDefinition,
} from '@kiroku/core/metrics'

const unresolved = -2
const none = -1

/**
 * Finds the step metrics that a row lacks. It keeps the last finite value of every metric, from before a definition
 * bound anything to it too; a step metric that was never logged is not put in.
 */
export class StepSync {
  #definitions: MetricDefinition[] = []
  readonly #names: string[] = []
  readonly #keys = new Map<string, number>()
  readonly #latest: (number | undefined)[] = []
  /** The key of the step metric to put in beside each key; `none`, or `unresolved`. */
  #targets: number[] = []
  /** The last row that had each key. */
  readonly #seen: number[] = []
  #row = 0
  #wanted: number[] = []

  /** Merges a definition in. */
  define(input: DefineMetricInput): void {
    this.#definitions = applyDefinition(this.#definitions, input)
    this.#targets = []
  }

  /** Makes a key's name known. */
  addKey(key: number, name: string): void {
    this.#names[key] = name
    this.#keys.set(name, key)
    if (this.#definitions.length > 0) this.#targets = []
  }

  /** Says what a metric, whose key is known, had last before the log began. */
  know(name: string, value: number): void {
    const key = this.#keys.get(name)
    if (key !== undefined) this.#latest[key] = value
  }

  /** Begins a row. */
  startRow(): void {
    this.#row++
    this.#wanted.length = 0
  }

  /** Says that the row has a number. */
  see(key: number, value: number): void {
    if (Number.isFinite(value)) this.#latest[key] = value
    this.seeText(key)
  }

  /** Says that the row has a value that is not a number. */
  seeText(key: number): void {
    this.#seen[key] = this.#row
    if (this.#definitions.length === 0) return
    let target = this.#targets[key] ?? unresolved
    if (target === unresolved) {
      target = this.#resolve(key)
      this.#targets[key] = target
    }
    if (target !== none && !this.#wanted.includes(target)) this.#wanted.push(target)
  }

  /** Names the step metrics that the row's metrics are bound to, that it lacks and whose value is known. */
  missing(put: (key: number, value: number) => void): void {
    for (const key of this.#wanted) {
      const value = this.#latest[key]
      if (value !== undefined && this.#seen[key] !== this.#row) put(key, value)
    }
  }

  #resolve(key: number): number {
    const name = this.#names[key] ?? ''
    const definition = resolveDefinition(this.#definitions, name)
    if (definition === undefined || !isStepSynced(definition) || definition.stepMetric === name) return none
    return this.#keys.get(definition.stepMetric ?? '') ?? none
  }
}
