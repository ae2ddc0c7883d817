import { cleanText, flatten, fromWireRecord, toWireRecord, type Value, type WireRecord } from '@kiroku/core/values'
import { hasMethods, type RecordAccess, recordProxy } from '../record-proxy.ts'
import { toValue } from '../wire-value.ts'

/** A stored run's config or summary: its values as properties, which may be set and deleted, then sent. */
export type EditableRecord = {
  [key: string]: unknown
  /** Sets several values and sends all that changed. */
  update(values?: object): Promise<void>
}

/** What changed: values to set, in wire form, and names to remove. */
export type RecordPatch = { set: WireRecord; unset: string[] }

/** The values of a config or a summary as the server has them, and what was changed here and not yet sent. */
export class RemoteRecord {
  readonly #isFlat: boolean
  #stored: Map<string, Value>
  /** Undefined: to be removed. */
  #changed = new Map<string, Value | undefined>()
  #sending = new Map<string, Value | undefined>()

  /** `isFlat`: nested records are opened to dotted names, as a summary's are. */
  constructor(wire: WireRecord, { isFlat }: { isFlat: boolean }) {
    this.#isFlat = isFlat
    this.#stored = new Map(Object.entries(fromWireRecord(wire)))
  }

  get(key: string): Value | undefined {
    for (const changes of [this.#changed, this.#sending]) if (changes.has(key)) return changes.get(key)
    return this.#stored.get(key)
  }

  keys(): string[] {
    const names = new Set([...this.#stored.keys(), ...this.#sending.keys(), ...this.#changed.keys()])
    return [...names].filter((name) => this.get(name) !== undefined)
  }

  /** Changes values here. What has no value, such as a function, is passed over. */
  assign(values: object): void {
    const given = Object.fromEntries(Object.entries(values))
    for (const [key, value] of Object.entries(this.#isFlat ? flatten(given, (leaf) => leaf) : given)) {
      const stored = toValue(value)
      if (stored !== undefined) this.#changed.set(cleanText(key), stored)
    }
  }

  /** Removes a value here, of a summary all below it too. */
  remove(key: string): void {
    for (const name of this.keys()) {
      if (name === key || (this.#isFlat && name.startsWith(`${key}.`))) this.#changed.set(name, undefined)
    }
  }

  /** What is to be sent now; undefined when nothing changed. `settle` says what became of it. */
  take(): RecordPatch | undefined {
    if (this.#changed.size === 0) return undefined
    this.#sending = this.#changed
    this.#changed = new Map()
    const set = [...this.#sending].flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
    const unset = [...this.#sending].flatMap(([key, value]) => (value === undefined ? [key] : []))
    return { set: toWireRecord(Object.fromEntries(set)), unset }
  }

  /** What was taken is stored, and this is what the server has now; undefined: it was not, and is to be sent again. */
  settle(wire: WireRecord | undefined): void {
    if (wire === undefined) this.#changed = new Map([...this.#sending, ...this.#changed])
    else this.refresh(wire)
    this.#sending = new Map()
  }

  /** This is what the server has now. */
  refresh(wire: WireRecord): void {
    this.#stored = new Map(Object.entries(fromWireRecord(wire)))
  }
}

/** The record as an object; `send` sends what changed. */
export function editable(record: RemoteRecord, send: () => Promise<void>): EditableRecord {
  const methods = {
    update: (values: object = {}): Promise<void> => {
      record.assign(values)
      return send()
    },
  }
  const access = (): RecordAccess => ({
    get: (key) => record.get(key),
    has: (key) => record.get(key) !== undefined,
    keys: () => record.keys(),
    set: (key, value) => record.assign({ [key]: value }),
    remove: (key) => record.remove(key),
    methods,
  })
  return recordProxy(access, (proxy): proxy is EditableRecord => hasMethods(proxy, methods))
}
