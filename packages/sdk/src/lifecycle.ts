import type { WriterChannel } from './channel.ts'
import { watchInterrupt } from './interrupt.ts'
import { tell } from './messages.ts'

/** How long the end of the process waits for the writer thread to have everything on disk. */
const handOverMs = 5_000
/** The exit code of a run that Ctrl-C ended. */
const interruptedCode = 255
/** The exit code of a script whose own `await` nothing can settle any more; Node sets it only as the process exits. */
const unsettledCode = 13

/** What the end of the process does to a run. */
export type EndingRun = { end(exitCode: number): void; finish(options: { exitCode: number }): Promise<void> }

const open = new Set<EndingRun>()
let channel: WriterChannel | undefined
let isWatching = false

/** Has the run ended with the process, by the process' exit code. */
export function endWithProcess(run: EndingRun, through: WriterChannel): void {
  open.add(run)
  channel = through
  if (isWatching) return
  isWatching = true
  process.on('beforeExit', (code) => {
    const exitCode = isUnsettled() ? unsettledCode : Number(code)
    for (const each of [...open]) void each.finish({ exitCode })
  })
  process.on('exit', (code) => endAll(Number(code)))
  watchInterrupt({ isWanted: () => open.size > 0, onInterrupt: () => endAll(interruptedCode) })
}

/** True when the event loop is empty and the main module is not done: until it is, a listener of Node's own sets that code (not from Node 24 on). */
function isUnsettled(): boolean {
  const setsCode = (listener: unknown): boolean => /\bexitCode \?\?= k\w+TopLevelAwait\b/.test(String(listener))
  return process.exitCode === undefined && process.listeners('exit').some(setsCode)
}

function endAll(exitCode: number): void {
  for (const each of [...open]) attempt(() => each.end(exitCode))
  attempt(() => channel?.flush(handOverMs))
}

/** What is thrown on would take the place of the exit code or the signal that the script ends by, and keep other runs open. */
function attempt(work: () => void): void {
  try {
    work()
  } catch (cause) {
    tell([`the end of the run could not be recorded: ${cause instanceof Error ? cause.message : cause}`])
  }
}

/** The run needs nothing more from the process' end. */
export function forgetAtExit(run: EndingRun): void {
  open.delete(run)
}
