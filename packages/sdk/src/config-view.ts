import { isRecord, type Value } from '@kiroku/core/values'
import { isSame } from './same-value.ts'
import { toValue } from './wire-value.ts'

/** What a view asks before a change inside a config value, and whom it tells after one. */
export type ConfigViewOptions = {
  /** Throws when what stands at the path may not become `next` (undefined: may not be removed). */
  allow: (path: readonly string[], known: Value, next: Value | undefined) => void
  /** Something inside the value of this key is different now. Throws, to have it undone, when that cannot be kept. */
  changed: (key: string) => void
}

/** The records and lists of a config, as objects whose changes in place are checked and told. */
export class ConfigView {
  readonly #options: ConfigViewOptions
  readonly #views = new WeakMap<object, object>()

  constructor(options: ConfigViewOptions) {
    this.#options = options
  }

  /** The view of what is at `path` inside the value of `key`; what is neither record nor list is its own. */
  of(key: string, path: readonly string[], target: unknown): unknown {
    if (!Array.isArray(target) && !isRecord(target)) return target
    const known = this.#views.get(target)
    if (known !== undefined) return known
    const view = new Proxy(target, {
      get: (holder, name) => {
        const value: unknown = Reflect.get(holder, name)
        return typeof name === 'string' && Object.hasOwn(holder, name) ? this.of(key, [...path, name], value) : value
      },
      set: (holder, name, value) => this.#set({ key, path, holder }, name, value),
      deleteProperty: (holder, name) => this.#remove({ key, path, holder }, name),
      defineProperty: (holder, name, descriptor) =>
        'value' in descriptor && this.#set({ key, path, holder }, name, descriptor.value),
    })
    this.#views.set(target, view)
    return view
  }

  #set({ key, path, holder }: Place, name: string | symbol, given: unknown): boolean {
    if (typeof name === 'symbol') return false
    const next = toValue(given)
    const isLength = Array.isArray(holder) && name === 'length'
    if (isLength) {
      if (typeof next === 'number' && next < holder.length) {
        this.#options.allow([key, ...path], toValue(holder) ?? null, toValue(holder.slice(0, next)))
      }
    } else if (Object.hasOwn(holder, name)) {
      const known = toValue(Reflect.get(holder, name)) ?? null
      if (next !== undefined && isSame(known, next)) return true
      this.#options.allow([key, ...path, name], known, next)
    }
    return this.#change(key, holder, () => Reflect.set(holder, name, ownCopy(given)))
  }

  #remove({ key, path, holder }: Place, name: string | symbol): boolean {
    if (!Object.hasOwn(holder, name)) return true
    this.#options.allow([key, ...path, String(name)], toValue(Reflect.get(holder, name)) ?? null, undefined)
    return this.#change(key, holder, () => {
      // `pop()` removes the last item before it shortens the list; in between would be a list with a hole.
      if (Array.isArray(holder) && name === String(holder.length - 1))
        return Reflect.set(holder, 'length', holder.length - 1)
      return Reflect.deleteProperty(holder, name)
    })
  }

  #change(key: string, holder: object, change: () => boolean): boolean {
    const before = Object.getOwnPropertyDescriptors(holder)
    const isDone = change()
    try {
      this.#options.changed(key)
    } catch (error) {
      for (const name of Object.keys(holder)) if (!Object.hasOwn(before, name)) Reflect.deleteProperty(holder, name)
      Object.defineProperties(holder, before)
      throw error
    }
    return isDone
  }
}

type Place = { key: string; path: readonly string[]; holder: object }

const maxDepth = 32

/** Records and lists copied, so that nobody else changes what the config holds; everything else as it is. */
export function ownCopy(given: unknown, above: readonly object[] = []): unknown {
  const isOpened = Array.isArray(given) || isRecord(given)
  if (!isOpened || above.length >= maxDepth || above.includes(given)) return given
  const inside = [...above, given]
  if (Array.isArray(given)) return given.map((item) => ownCopy(item, inside))
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, ownCopy(value, inside)]))
}
