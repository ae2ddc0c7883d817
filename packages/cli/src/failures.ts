import type { Terminal } from './terminal.ts'

/** Says on one line what went wrong; with `isVerbose` the stack and the causes follow. */
export function reportFailure(terminal: Terminal, error: unknown, { isVerbose }: { isVerbose: boolean }): void {
  terminal.say(`kiroku: ${failureLine(error, isVerbose)}`)
  if (!isVerbose) return
  for (let at: unknown = error; at instanceof Error; at = at.cause) terminal.say(at.stack ?? at.message)
}

/** An error as one line. What nobody foresaw says how to see more. */
export function failureLine(error: unknown, isVerbose = false): string {
  const text = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ').trim()
  if (isExpected(error)) return text
  return isVerbose ? text : `unexpected: ${text} (--verbose shows more)`
}

/** By name: a bundled package brings a copy of the class. */
const isExpected = (error: unknown): boolean => error instanceof Error && error.name === 'KirokuError'
