/** What a command talks through, so that tests can listen. */
export type Terminal = {
  /** One line for programs or people on standard output. */
  print(line: string): void
  /** One line for people on standard error. */
  say(line: string): void
  /**
   * Draws over what it drew last, a line or several, each cut to the terminal's width; does nothing where standard error is
   * no terminal. An empty text clears it.
   */
  progress(text: string): void
  /** Whether `progress` is seen. */
  readonly isInteractive: boolean
}

const clearBelow = '\u001b[J'
const lineUp = '\u001b[1A'

/**
 * The process' own terminal. From then on standard output is the command's alone: what libraries print there by
 * themselves goes to standard error.
 */
export function processTerminal(): Terminal {
  const print = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  let drawnLines = 0
  const draw = (text: string): void => {
    const width = Math.max(20, (process.stderr.columns ?? 80) - 1)
    const lines = text.split('\n').map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line))
    process.stderr.write(`\r${lineUp.repeat(Math.max(0, drawnLines - 1))}${clearBelow}${lines.join('\n')}`)
    drawnLines = text === '' ? 0 : lines.length
  }
  return {
    print(line) {
      if (drawnLines > 0) draw('')
      print(`${line}\n`)
    },
    say(line) {
      if (drawnLines > 0) draw('')
      process.stderr.write(`${line}\n`)
    },
    progress(text) {
      if (process.stderr.isTTY && (drawnLines > 0 || text !== '')) draw(text)
    },
    isInteractive: process.stderr.isTTY === true,
  }
}

/** A bar with its percentage, 24 cells wide. */
export function progressBar(done: number, total: number): string {
  const part = total <= 0 ? 1 : Math.min(1, done / total)
  const filled = Math.round(part * 24)
  return `${'━'.repeat(filled)}${'╌'.repeat(24 - filled)} ${String(Math.floor(part * 100)).padStart(3)} %`
}
