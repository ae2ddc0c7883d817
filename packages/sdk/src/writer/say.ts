import { writeSync } from 'node:fs'
import { sdkEnv } from '../env.ts'

const isSilent = sdkEnv().KIROKU_SILENT

/** Writes a line for the user to standard error, also while the main thread is busy, unless silenced. Never throws. */
export function say(text: string): void {
  if (isSilent) return
  try {
    writeSync(2, `kiroku: ${text}\n`)
  } catch {
    // Nobody reads standard error, or it takes nothing now; a message is not worth more than the training.
  }
}
