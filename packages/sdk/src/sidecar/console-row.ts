import { maxConsoleLineLength } from '@kiroku/core/history'

/** Room that the mark of a line that was cut takes at most, with the end of its colours. */
const markLength = 48
const reset = '\u001b[0m'

/** One line on a screen: a character a cell, each with the code of its style. */
export class ConsoleRow {
  readonly #cells: string[] = []
  readonly #styles: string[] = []
  /** Cells beyond those that are kept; they are counted only. */
  #beyond = 0
  #settled: string | undefined
  readonly line: number
  readonly time: number

  /** `line` is its number, `time` (unix milliseconds) when it was begun. */
  constructor(line: number, time: number) {
    this.line = line
    this.time = time
  }

  /** How many cells it keeps. */
  get length(): number {
    return this.#cells.length
  }

  /** Puts a character at a column; what lies between the end and it becomes blank. */
  put(column: number, character: string, style: string): void {
    if (column >= maxConsoleLineLength) {
      this.#beyond = Math.max(this.#beyond, column + 1 - maxConsoleLineLength)
      return
    }
    while (this.#cells.length < column) {
      this.#cells.push(' ')
      this.#styles.push('')
    }
    this.#cells[column] = character
    this.#styles[column] = style
  }

  /** Erases what is at a column and after it. */
  eraseFrom(column: number): void {
    this.#beyond = column >= maxConsoleLineLength ? Math.min(this.#beyond, column - maxConsoleLineLength) : 0
    if (column < this.#cells.length) {
      this.#cells.length = column
      this.#styles.length = column
    }
  }

  /** Blanks everything up to a column, that one too. */
  eraseTo(column: number): void {
    const last = Math.min(column, this.#cells.length - 1)
    for (let at = 0; at <= last; at++) {
      this.#cells[at] = ' '
      this.#styles[at] = ''
    }
  }

  /** The line as text with its colours; what is too long is cut, and says by how much. */
  text(): string {
    if (this.#settled !== undefined) return this.#settled
    const whole = this.#rendered(maxConsoleLineLength)
    if (this.#beyond === 0 && whole.cells === this.#cells.length) return whole.text
    const part = this.#rendered(maxConsoleLineLength - markLength)
    return `${part.text} ... (${this.#cells.length - part.cells + this.#beyond} more characters)`
  }

  /** Says that the line is not written to any more: only its text is kept. */
  settle(): void {
    this.#settled = this.text()
    this.#cells.length = 0
    this.#styles.length = 0
  }

  #rendered(maxLength: number): { text: string; cells: number } {
    const parts: string[] = []
    let length = 0
    let style = ''
    let partFrom = 0
    let at = 0
    for (; at < this.#cells.length; at++) {
      const next = this.#styles[at] ?? ''
      const change = next === style ? '' : `${style === '' ? '' : reset}${next === '' ? '' : `\u001b[${next}m`}`
      const added = change.length + (this.#cells[at] ?? ' ').length
      if (length + added + (next === '' ? 0 : reset.length) > maxLength) break
      length += added
      if (next === style) continue
      parts.push(...this.#cells.slice(partFrom, at), change)
      partFrom = at
      style = next
    }
    parts.push(...this.#cells.slice(partFrom, at), style === '' ? '' : reset)
    return { text: parts.join(''), cells: at }
  }
}
