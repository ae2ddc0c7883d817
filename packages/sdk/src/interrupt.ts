const lookMs = 100
/** An event loop that has not turned for so long may never turn again. */
const stillMs = 1_000
/** How often in a row the loop must have turned in time before it is trusted: at first, and after it stood still. */
const looksBefore = { first: 3, again: 30 }

type Interruption = { isWanted: () => boolean; onInterrupt: () => void }

let interruption: Interruption | undefined
let isListening = false
let turnedAt = 0
let looks = 0
let looksNeeded = looksBefore.first

/**
 * Has Ctrl-C end runs well, while the script has no listener of its own: `onInterrupt` is called, then the process dies of the
 * signal as it would have. Listens only while the event loop turns: a script that never lets go of its thread could not hear the
 * signal, and would not die of it either. One that stood still is trusted only after it turned for a while: a signal that came
 * meanwhile would be lost. `isWanted` tells whether there is anything to end.
 */
export function watchInterrupt(given: Interruption): void {
  if (interruption !== undefined) return
  interruption = given
  turnedAt = Date.now()
  process.on('newListener', (name, listener) => {
    if (name === 'SIGINT' && listener !== hear) stop()
  })
  setInterval(look, lookMs).unref()
}

/** Says that the script is at work at this time (unix milliseconds), which may be long after the event loop turned. */
export function sawWork(time: number): void {
  if (isListening && time - turnedAt > stillMs) stop()
}

function look(): void {
  const now = Date.now()
  const stoodStill = now - turnedAt > stillMs
  turnedAt = now
  looks = stoodStill ? 0 : looks + 1
  if (stoodStill) looksNeeded = looksBefore.again
  const isAlone = process.listenerCount('SIGINT') === (isListening ? 1 : 0)
  const isWanted = looks >= looksNeeded && isAlone && interruption?.isWanted() === true
  if (isListening && !isWanted) stop()
  if (isListening || !isWanted) return
  isListening = true
  process.on('SIGINT', hear)
}

function stop(): void {
  if (!isListening) return
  isListening = false
  process.off('SIGINT', hear)
}

function hear(): void {
  if (process.listenerCount('SIGINT') > 1) return
  interruption?.onInterrupt()
  stop()
  process.kill(process.pid, 'SIGINT')
}
