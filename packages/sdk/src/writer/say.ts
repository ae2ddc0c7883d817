import { writeSync } from 'node:fs'

/** Writes a line for the user to standard error, also while the main thread is busy. Never throws. */
export function say(text: string): void {
  try {
    writeSync(2, `kiroku: ${text}\n`)
  } catch {
    // Nobody reads standard error, or it takes nothing now; a message is not worth more than the training.
  }
}
