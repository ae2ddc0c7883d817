/** Bytes of the shared control words before the ring's own bytes. */
const controlBytes = 64
const slots = { head: 0, tail: 1, flushAsked: 2, flushDone: 3 } as const
const headerBytes = 8
const padMark = 0xffff_ffff

const aligned = (bytes: number): number => (bytes + 7) & ~7

/**
 * A queue of messages from one thread to one other in shared memory. A message is a tag (u32) and bytes; `push` copies
 * it in, `drain` hands it out in order. Neither waits. `capacity` is a power of two.
 */
export class Ring {
  readonly shared: SharedArrayBuffer
  readonly #control: Int32Array
  readonly #words: Uint32Array
  readonly #bytes: Uint8Array
  readonly #capacity: number

  /** Opens a ring over memory that `Ring.create` made. */
  constructor(shared: SharedArrayBuffer) {
    this.shared = shared
    this.#capacity = shared.byteLength - controlBytes
    this.#control = new Int32Array(shared, 0, controlBytes / 4)
    this.#words = new Uint32Array(shared, controlBytes)
    this.#bytes = new Uint8Array(shared, controlBytes)
  }

  /** A new, empty ring; `capacity` in bytes must be a power of two from 64 on. */
  static create(capacity: number): Ring {
    if (capacity < 64 || (capacity & (capacity - 1)) !== 0) throw new RangeError(`${capacity} is not a power of two`)
    return new Ring(new SharedArrayBuffer(controlBytes + capacity))
  }

  /** The longest message that an empty ring takes for sure, in bytes. */
  get maxMessageBytes(): number {
    return this.#capacity / 2 - headerBytes
  }

  /** Puts a message in; false when there is no room for it now. */
  push(tag: number, payload: Uint8Array): boolean {
    const head = Atomics.load(this.#control, slots.head) >>> 0
    const tail = Atomics.load(this.#control, slots.tail) >>> 0
    const free = this.#capacity - ((head - tail) >>> 0)
    const needed = headerBytes + aligned(payload.length)
    let at = head & (this.#capacity - 1)
    const contiguous = this.#capacity - at
    const padding = contiguous < needed ? contiguous : 0
    if (padding + needed > free) return false
    if (padding > 0) {
      this.#words[at / 4] = padMark
      at = 0
    }
    this.#words[at / 4] = payload.length
    this.#words[at / 4 + 1] = tag
    this.#bytes.set(payload, at + headerBytes)
    Atomics.store(this.#control, slots.head, (head + padding + needed) | 0)
    return true
  }

  /** Hands out all messages that are in, oldest first. The bytes are valid, in shared memory, until `take` returns. */
  drain(take: (tag: number, payload: Uint8Array) => void): number {
    const head = Atomics.load(this.#control, slots.head) >>> 0
    let tail = Atomics.load(this.#control, slots.tail) >>> 0
    let count = 0
    while (tail !== head) {
      const at = tail & (this.#capacity - 1)
      const length = this.#words[at / 4] ?? 0
      if (length === padMark) {
        tail = (tail + this.#capacity - at) >>> 0
      } else {
        take(this.#words[at / 4 + 1] ?? 0, this.#bytes.subarray(at + headerBytes, at + headerBytes + length))
        tail = (tail + headerBytes + aligned(length)) >>> 0
        count++
      }
      Atomics.store(this.#control, slots.tail, tail | 0)
    }
    return count
  }

  /** Asks the other side to empty the ring and tell; answers the number of the request. */
  askFlush(): number {
    return Atomics.add(this.#control, slots.flushAsked, 1) + 1
  }

  /** Waits, blocking, until the request was answered; false when `timeoutMs` went by before. */
  awaitFlush(request: number, timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const done = Atomics.load(this.#control, slots.flushDone)
      if (done - request >= 0) return true
      const left = deadline - performance.now()
      if (left <= 0) return false
      Atomics.wait(this.#control, slots.flushDone, done, left)
    }
  }

  /** The latest request to empty the ring that is not answered yet. Asked before `drain`, answered after it. */
  pendingFlush(): number | undefined {
    const asked = Atomics.load(this.#control, slots.flushAsked)
    return asked === Atomics.load(this.#control, slots.flushDone) ? undefined : asked
  }

  /** Answers a request. */
  answerFlush(request: number): void {
    Atomics.store(this.#control, slots.flushDone, request)
    Atomics.notify(this.#control, slots.flushDone)
  }
}
