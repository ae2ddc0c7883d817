import { KirokuError } from '@kiroku/core/errors'
import { maxMetricNameLength } from '@kiroku/core/metrics'
import { maxTimeMs } from '@kiroku/core/runs'
import { cleanText, isRecord, toWire, type Value } from '@kiroku/core/values'
import type * as z from 'zod'
import { recordKinds, rowFlags, updateFlags } from './log/format.ts'
import { RecordEncoder } from './log/record-encoder.ts'
import type { LogUpdate, logStartSchema } from './log/schemas.ts'
import { MediaRecorder, type Warn } from './media/media-recorder.ts'
import { MetricTracker } from './metric-tracker.ts'
import { maxObjects, newWalk, opening, toValue, type Walk } from './wire-value.ts'

/** The longest row that is recorded, in bytes: 10 MiB less 100 KiB for what surrounds it. */
export const maxRowBytes = 10 * 1024 * 1024 - 100 * 1024

const timestampKey = -2

/** What each row has by itself, and no metric can be called. A time of its own (unix seconds) is the row's. */
const rowFields: Readonly<Record<string, number | undefined>> = Object.assign(Object.create(null), {
  _step: -1,
  _runtime: -1,
  _timestamp: timestampKey,
})

/** How deep nested records are opened to dotted keys. */
const maxDepth = 32

/** What became of a row, for the one who must tell the user. */
export type RowOutcome =
  | { kind: 'recorded' }
  | { kind: 'tooLong'; bytes: number }
  | { kind: 'refused'; why: string }
  | { kind: 'dropped' }

/** Where records go; false: it had to be dropped. */
export type Send = (payload: Uint8Array) => boolean

type Sink = { sawNumber(name: string): void; sawText(name: string, value: Value): void }

/** Encodes a run's rows and updates as records of its log, and hands them on. */
export class RowRecorder {
  readonly #encoder = new RecordEncoder()
  readonly #send: Send
  readonly #sink: Sink
  readonly #onBadName: (name: string) => void
  readonly #keys = new Map<string, number>()
  readonly #byKey: (MetricTracker | undefined)[] = []
  /** The metrics that numbers were logged of. */
  readonly trackers = new Map<string, MetricTracker>()
  #values = new Float64Array(64)
  #numberKeys = new Uint32Array(64)
  #count = 0
  #texts: { key: number; json: string }[] = []
  #bytes = 0
  readonly #walk = newWalk()
  readonly #media: MediaRecorder
  #step = 0
  #time = 0

  constructor(send: Send, sink: Sink, onBadName: (name: string) => void, warn: Warn) {
    this.#send = send
    this.#media = new MediaRecorder(send, warn)
    this.#sink = sink
    this.#onBadName = onBadName
  }

  /** Records one call of `log()`. */
  row(
    row: Readonly<Record<string, unknown>>,
    at: { step: number; time: number; commits: boolean; isExplicit?: boolean },
  ): RowOutcome {
    this.#count = 0
    this.#bytes = 0
    this.#step = at.step
    this.#time = at.time
    if (this.#texts.length > 0) this.#texts = []
    try {
      this.#walk.left = maxObjects
      this.#add(row, '', this.#walk)
    } catch (cause) {
      if (cause instanceof KirokuError) return { kind: 'refused', why: cause.message }
      throw cause
    }
    const payload =
      this.#bytes > maxRowBytes
        ? undefined
        : this.#encoder.row({
            flags: (at.commits ? rowFlags.commits : 0) | (at.isExplicit ? rowFlags.explicit : 0),
            step: at.step,
            time: this.#time,
            count: this.#count,
            values: this.#values,
            keys: this.#numberKeys,
            texts: this.#texts,
          })
    if (payload === undefined) return { kind: 'tooLong', bytes: this.#bytes }
    return this.#send(payload) ? { kind: 'recorded' } : { kind: 'dropped' }
  }

  /** Records an update; false when it is too long. */
  update(update: LogUpdate): boolean {
    const flags = update.type === 'finish' ? updateFlags.finishes : 0
    const payload = this.#encoder.json(recordKinds.update, update, flags)
    return payload !== undefined && payload.length <= maxRowBytes && this.#send(payload)
  }

  /** Records where the run's rows begin, and what its step metrics had last, before the first of them. */
  start(start: z.input<typeof logStartSchema>): void {
    for (const name of Object.keys(start.latest ?? {})) if (!this.#keys.has(name)) this.#newKey(name)
    const payload = this.#encoder.json(recordKinds.start, start)
    if (payload !== undefined) this.#send(payload)
  }

  #add(level: Readonly<Record<string, unknown>>, prefix: string, walk: Walk): void {
    for (const name of Object.keys(level)) {
      const value = level[name]
      if (typeof value === 'number') this.#number(prefix === '' ? name : prefix + name, value)
      else if (value !== undefined) this.#other(prefix + name, value, walk)
    }
  }

  #number(name: string, value: number): void {
    const key = this.#keys.get(name) ?? this.#newKey(name)
    if (key < 0) {
      if (key === timestampKey && Math.abs(value) * 1000 <= maxTimeMs) this.#time = value * 1000
      return
    }
    let tracker = this.#byKey[key]
    if (tracker === undefined) {
      tracker = this.trackers.get(name) ?? new MetricTracker()
      this.#byKey[key] = tracker
      this.trackers.set(name, tracker)
    }
    tracker.add(value)
    this.#sink.sawNumber(name)
    const index = this.#count++
    if (index === this.#values.length) this.#grow()
    this.#values[index] = value
    this.#numberKeys[index] = key
    this.#bytes += 16 + name.length
  }

  #other(name: string, given: unknown, walk: Walk): void {
    if (isRecord(given) && walk.above.size < maxDepth) {
      opening(walk, given, () => this.#add(given, `${name}.`, walk))
      return
    }
    const isOpened = typeof given === 'object' && given !== null
    if (isOpened) this.#media.place = { name, step: this.#step }
    const value = isOpened ? toValue(given, newWalk(this.#media.convert)) : toValue(given)
    if (value === undefined) return
    if (typeof value === 'number') {
      this.#number(name, value)
      return
    }
    const key = this.#keys.get(name) ?? this.#newKey(name)
    if (key < 0) return
    this.#sink.sawText(name, value)
    const json = JSON.stringify(toWire(value))
    this.#texts.push({ key, json })
    this.#bytes += json.length + name.length
  }

  #newKey(name: string): number {
    const given = rowFields[name]
    if (given !== undefined) {
      this.#keys.set(name, given)
      return given
    }
    const clean = cleanText(name)
    if (clean !== name) {
      const key: number = this.#keys.get(clean) ?? this.#newKey(clean)
      this.#keys.set(name, key)
      return key
    }
    const isGood = clean !== '' && clean.length <= maxMetricNameLength
    const key = isGood ? this.#keys.size : -1
    if (clean.length <= maxMetricNameLength) this.#keys.set(name, key)
    const payload = isGood ? this.#encoder.key(0, key, clean) : undefined
    if (payload === undefined) this.#onBadName(name)
    else this.#send(payload)
    return key
  }

  #grow(): void {
    const values = new Float64Array(this.#values.length * 2)
    values.set(this.#values)
    this.#values = values
    const keys = new Uint32Array(this.#numberKeys.length * 2)
    keys.set(this.#numberKeys)
    this.#numberKeys = keys
  }
}
