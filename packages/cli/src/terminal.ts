/** What a command talks through, so that tests can listen. */
export type Terminal = {
  /** One line for programs or people on standard output. */
  print(line: string): void
  /** One line for people on standard error. */
  say(line: string): void
  /** Draws over the last such line; does nothing where standard error is no terminal. An empty text clears it. */
  progress(text: string): void
}

const clearLine = '\r\u001b[2K'

/**
 * The process' own terminal. From then on standard output is the command's alone: what libraries print there by
 * themselves goes to standard error.
 */
export function processTerminal(): Terminal {
  const print = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  let isDrawn = false
  const draw = (text: string): void => {
    process.stderr.write(`${clearLine}${text}`)
    isDrawn = text !== ''
  }
  return {
    print(line) {
      print(`${line}\n`)
    },
    say(line) {
      if (isDrawn) draw('')
      process.stderr.write(`${line}\n`)
    },
    progress(text) {
      if (process.stderr.isTTY && (isDrawn || text !== '')) draw(text)
    },
  }
}

/** A bar with its percentage, 24 cells wide. */
export function progressBar(done: number, total: number): string {
  const part = total <= 0 ? 1 : Math.min(1, done / total)
  const filled = Math.round(part * 24)
  return `${'━'.repeat(filled)}${'╌'.repeat(24 - filled)} ${String(Math.floor(part * 100)).padStart(3)} %`
}
