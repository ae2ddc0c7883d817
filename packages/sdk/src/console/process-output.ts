import { inspect } from 'node:util'

/** Where a script prints. */
export type OutputStream = 'stdout' | 'stderr'

/** Hears what was printed, as bytes that are valid during the call. `time` is unix milliseconds. */
export type OutputListener = (stream: OutputStream, bytes: Uint8Array, time: number) => void

const listeners = new Set<OutputListener>()
let patches: { undo: () => void }[] = []
/** Above 0 while what is printed is none of the script's output. */
let unheardDepth = 0

/**
 * Hears what this process writes with `process.stdout` and `process.stderr`, which `console` does too, until the answered
 * function is called; what is written goes its way unchanged. An uncaught error is heard as well. Not heard is what goes
 * by them: what child processes print, `fs.writeSync(1, ...)`, and what Node itself or a native library writes.
 */
export function listenToOutput(listener: OutputListener): () => void {
  if (listeners.size === 0) begin()
  listeners.add(listener)
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) stop()
  }
}

/** Does something whose output nobody hears. */
export function unheard<T>(act: () => T): T {
  unheardDepth++
  try {
    return act()
  } finally {
    unheardDepth--
  }
}

function begin(): void {
  patches = [...patchOf('stdout'), ...patchOf('stderr')]
  process.on('uncaughtExceptionMonitor', hearUncaught)
}

function stop(): void {
  for (const { undo } of patches) undo()
  patches = []
  process.off('uncaughtExceptionMonitor', hearUncaught)
}

function patchOf(name: OutputStream): { undo: () => void }[] {
  try {
    return [patch(name)]
  } catch {
    // The process has no such stream, or it lets nobody change it: nothing is heard of it then.
    return []
  }
}

function patch(name: OutputStream): { undo: () => void } {
  const stream = process[name]
  const before = Object.getOwnPropertyDescriptor(stream, 'write')
  const original = stream.write
  let isActive = true
  const write = function (this: unknown, ...words: unknown[]): boolean {
    const isTaken: boolean = Reflect.apply(original, this ?? stream, words)
    if (isActive) hear(name, words[0], words[1])
    return isTaken
  }
  stream.write = write
  const undo = (): void => {
    isActive = false
    // Who has put a function of their own over this one calls it further on: it only passes on from now.
    if (stream.write !== write) return
    if (before === undefined) Reflect.deleteProperty(stream, 'write')
    else Object.defineProperty(stream, 'write', before)
  }
  return { undo }
}

function hear(name: OutputStream, chunk: unknown, encoding?: unknown): void {
  if (unheardDepth > 0) return
  unheard(() => {
    try {
      const bytes = bytesOf(chunk, encoding)
      if (bytes === undefined || bytes.length === 0) return
      const time = Date.now()
      for (const listener of listeners) listener(name, bytes, time)
    } catch {
      // Printing must go on as if nobody heard.
    }
  })
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk
  if (typeof chunk !== 'string') return undefined
  return typeof encoding === 'string' && Buffer.isEncoding(encoding)
    ? Buffer.from(chunk, encoding)
    : Buffer.from(chunk, 'utf8')
}

/** Node prints an error that ends the script by itself, past `process.stderr`. */
function hearUncaught(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 0) return
  try {
    hear('stderr', `Uncaught ${inspect(error)}\n`)
  } catch {
    // An error that cannot be shown ends the script all the same.
  }
}
