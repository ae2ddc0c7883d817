import { KirokuError } from '@kiroku/core/errors'
import { cleanText, type Value } from '@kiroku/core/values'
import { ConfigView, ownCopy } from './config-view.ts'
import { isSame } from './same-value.ts'
import { toValue } from './wire-value.ts'

/** What a change of the config may do. */
export type ConfigUpdateOptions = { allowValChange?: boolean }

/**
 * A run's config: its values as properties, and ways to change it. A value that stands changes only when allowed; so does one
 * inside a record or a list, which may be changed in place.
 */
export type RunConfig<Values> = Values & {
  /** The value of a key, also of one that is named like a method. */
  get<Key extends keyof Values & string>(key: Key): Values[Key]
  /** Sets one value. */
  set<Key extends keyof Values & string>(key: Key, value: Values[Key], options?: ConfigUpdateOptions): void
  /** Sets several values. */
  update(values: Partial<Values>, options?: ConfigUpdateOptions): void
  /** Sets those of the values that are not set yet. */
  setDefaults(values: Partial<Values>): void
}

/** The values of a config and the rule for changing them. `onChange` gets what is new, and throws for an ended run. */
export class ConfigStore {
  readonly #values = new Map<string, { given: unknown; stored: Value }>()
  readonly #onChange: (set: Record<string, Value>) => void
  readonly #isOpen: boolean
  readonly #view: ConfigView

  /** `allowValChange`: any value may be changed at any time. */
  constructor(
    initial: Readonly<Record<string, unknown>>,
    onChange: (set: Record<string, Value>) => void,
    { allowValChange = false }: ConfigUpdateOptions = {},
  ) {
    this.#onChange = onChange
    this.#isOpen = allowValChange
    this.#view = new ConfigView({
      allow: (path, known, next) => this.#allow(path, known, next, allowValChange),
      changed: (key) => this.#changedInside(key),
    })
    for (const [key, given] of Object.entries(initial)) {
      const stored = toValue(given)
      if (stored !== undefined) this.#values.set(cleanText(key), { given: ownCopy(given), stored })
    }
  }

  /** All values, as they are stored. */
  get stored(): Record<string, Value> {
    return Object.fromEntries([...this.#values].map(([key, { stored }]) => [key, stored]))
  }

  /** A value as it was given; a record or a list as one whose changes are checked and kept. */
  get(key: string): unknown {
    return this.#view.of(key, [], this.#values.get(key)?.given)
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  keys(): string[] {
    return [...this.#values.keys()]
  }

  /** Sets values. Throws `KirokuError` CONFLICT, and changes nothing, when one stands that may not change. */
  update(values: object, { allowValChange = this.#isOpen }: ConfigUpdateOptions = {}): void {
    const changed = Object.entries(values).flatMap(([name, given]) => {
      const key = cleanText(name)
      const stored = toValue(given)
      if (stored === undefined) return []
      const known = this.#values.get(key)
      if (known !== undefined && isSame(known.stored, stored)) return []
      if (known !== undefined) this.#allow([key], known.stored, stored, allowValChange)
      return [[key, { given: ownCopy(given), stored }] as const]
    })
    if (changed.length === 0) return
    this.#onChange(Object.fromEntries(changed.map(([key, { stored }]) => [key, stored])))
    for (const [key, value] of changed) this.#values.set(key, value)
  }

  /** Sets those of the values whose keys are not set yet. */
  setDefaults(values: object): void {
    this.update(Object.fromEntries(Object.entries(values).filter(([key]) => !this.#values.has(cleanText(key)))))
  }

  #allow(path: readonly string[], known: Value, next: Value | undefined, isAllowed: boolean): void {
    if (isAllowed) return
    const change = next === undefined ? 'lets it be removed' : `lets it become ${show(next)}`
    throw new KirokuError({
      code: 'CONFLICT',
      message: `config.${path.join('.')} is ${show(known)} already; { allowValChange: true } ${change}`,
    })
  }

  #changedInside(key: string): void {
    const known = this.#values.get(key)
    const stored = toValue(known?.given)
    if (known === undefined || stored === undefined || isSame(known.stored, stored)) return
    this.#onChange({ [key]: stored })
    known.stored = stored
  }
}

const show = (value: Value): string => (typeof value === 'number' ? String(value) : JSON.stringify(value))
