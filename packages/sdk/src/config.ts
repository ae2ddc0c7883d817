import { KirokuError } from '@kiroku/core/errors'
import type { Value } from '@kiroku/core/values'
import { cleanText, toValue } from './wire-value.ts'

/** What a change of the config may do. */
export type ConfigUpdateOptions = { allowValChange?: boolean }

/** A run's config: its values as properties, and ways to change it. A value that stands changes only when allowed. */
export type RunConfig<Values> = Values & {
  /** The value of a key, also of one that is named like a method. */
  get<Key extends keyof Values & string>(key: Key): Values[Key]
  /** Sets one value. */
  set<Key extends keyof Values & string>(key: Key, value: Values[Key], options?: ConfigUpdateOptions): void
  /** Sets several values. */
  update(values: Partial<Values>, options?: ConfigUpdateOptions): void
}

/** The values of a config and the rule for changing them. `onChange` gets what is new. */
export class ConfigStore {
  readonly #values = new Map<string, { given: unknown; stored: Value }>()
  readonly #onChange: (set: Record<string, Value>) => void

  constructor(initial: Readonly<Record<string, unknown>>, onChange: (set: Record<string, Value>) => void) {
    this.#onChange = onChange
    for (const [key, given] of Object.entries(initial)) {
      const stored = toValue(given)
      if (stored !== undefined) this.#values.set(cleanText(key), { given, stored })
    }
  }

  /** All values, as they are stored. */
  get stored(): Record<string, Value> {
    return Object.fromEntries([...this.#values].map(([key, { stored }]) => [key, stored]))
  }

  get(key: string): unknown {
    return this.#values.get(key)?.given
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  keys(): string[] {
    return [...this.#values.keys()]
  }

  /** Sets values. Throws `KirokuError` CONFLICT, and changes nothing, when one stands that may not change. */
  update(values: object, { allowValChange = false }: ConfigUpdateOptions = {}): void {
    const changed = Object.entries(values).flatMap(([name, given]) => {
      const key = cleanText(name)
      const stored = toValue(given)
      if (stored === undefined) return []
      const known = this.#values.get(key)
      if (known !== undefined && isSame(known.stored, stored)) return []
      if (known !== undefined && !allowValChange) {
        throw new KirokuError({
          code: 'CONFLICT',
          message: `config.${key} is ${show(known.stored)} already; { allowValChange: true } lets it become ${show(stored)}`,
        })
      }
      return [[key, { given, stored }] as const]
    })
    if (changed.length === 0) return
    this.#onChange(Object.fromEntries(changed.map(([key, { stored }]) => [key, stored])))
    for (const [key, value] of changed) this.#values.set(key, value)
  }
}

const show = (value: Value): string => (typeof value === 'number' ? String(value) : JSON.stringify(value))

function isSame(a: Value, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => isSame(item, b[index] ?? null))
    )
  }
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key] ?? null, b[key] ?? null))
  )
}
