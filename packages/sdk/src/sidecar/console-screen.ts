import type { ConsoleRow } from './console-row.ts'
import { TextStyle } from './text-style.ts'

/** Lines above the last one that the cursor can go back to; those before stay as they are. */
const reachableRows = 64
/** A longer control sequence than this is none that is known; its text is dropped. */
const maxSequenceLength = 64
const maxColumn = 1_000_000

type Parser = 'text' | 'escape' | 'csi' | 'string' | 'stringEscape' | 'charset'

/** What a screen needs of the console it belongs to. */
export type ScreenOptions = {
  /** Makes the next line. */
  begin: () => ConsoleRow
  /** Hears of each line that changed. */
  changed: (row: ConsoleRow) => void
}

/**
 * What a terminal would show of one output stream: lines, carriage returns, moves of the cursor, erased lines and
 * colours. Everything else that a terminal knows is dropped. Bytes may come in any pieces.
 */
export class ConsoleScreen {
  readonly #options: ScreenOptions
  readonly #decoder = new TextDecoder()
  #style = new TextStyle()
  #rows: ConsoleRow[] = []
  #row = 0
  #column = 0
  #parser: Parser = 'text'
  #sequence = ''

  constructor(options: ScreenOptions) {
    this.#options = options
  }

  /** Takes the next bytes in. */
  write(bytes: Uint8Array): void {
    for (const character of this.#decoder.decode(bytes, { stream: true })) this.#take(character)
  }

  #take(character: string): void {
    switch (this.#parser) {
      case 'text':
        this.#text(character)
        break
      case 'escape':
        this.#escape(character)
        break
      case 'csi':
        this.#control(character)
        break
      case 'charset':
        this.#parser = 'text'
        break
      case 'string':
        if (character === '\u0007' || character === '\u009c') this.#parser = 'text'
        else if (character === '\u001b') this.#parser = 'stringEscape'
        else if (character === '\n') this.#restart(character)
        break
      case 'stringEscape':
        if (character === '\\') this.#parser = 'text'
        else this.#escape(character)
    }
  }

  /** A sequence that a line end interrupts was none. */
  #restart(character: string): void {
    this.#parser = 'text'
    this.#text(character)
  }

  #text(character: string): void {
    if (character >= ' ' && character < '\u007f') this.#put(character)
    else if (character === '\n') this.#newLine()
    else if (character === '\r') this.#column = 0
    else if (character === '\b') this.#column = Math.max(0, this.#column - 1)
    else if (character === '\u001b') this.#parser = 'escape'
    else if (character === '\t' || character > '\u009f') this.#put(character)
  }

  #put(character: string): void {
    const row = this.#current()
    row.put(this.#column, character, this.#style.code)
    this.#column = Math.min(maxColumn, this.#column + 1)
    this.#options.changed(row)
  }

  #current(): ConsoleRow {
    const row = this.#rows[this.#row]
    if (row !== undefined) return row
    const begun = this.#options.begin()
    this.#rows.push(begun)
    return begun
  }

  #newLine(): void {
    const wasThere = this.#rows[this.#row] !== undefined
    const row = this.#current()
    if (!wasThere) this.#options.changed(row)
    this.#row++
    this.#column = 0
    const excess = this.#rows.length - reachableRows
    if (excess <= 0) return
    for (const row of this.#rows.slice(0, excess)) row.settle()
    this.#rows = this.#rows.slice(excess)
    this.#row -= excess
  }

  #escape(character: string): void {
    this.#sequence = ''
    if (character === '[') this.#parser = 'csi'
    else if (']PX^_'.includes(character)) this.#parser = 'string'
    else if (character >= ' ' && character <= '/') this.#parser = 'charset'
    else if (character === '\n' || character === '\r' || character === '\u001b') this.#restart(character)
    else this.#parser = 'text'
  }

  #control(character: string): void {
    if (character >= '@' && character <= '~') {
      this.#parser = 'text'
      if (this.#sequence.length <= maxSequenceLength) this.#run(character)
    } else if (character >= ' ' && character <= '?') {
      if (this.#sequence.length <= maxSequenceLength) this.#sequence += character
    } else {
      this.#restart(character)
    }
  }

  #run(command: string): void {
    const parameters = this.#sequence
    if (!/^[\d;]*$/.test(parameters)) return
    const first = Number(parameters.split(';')[0] ?? '')
    const count = Math.min(maxColumn, Math.max(1, first))
    switch (command) {
      case 'A':
      case 'F':
        this.#row = Math.max(0, this.#row - count)
        break
      case 'B':
      case 'E':
        this.#row = Math.min(Math.max(this.#row, this.#rows.length - 1), this.#row + count)
        break
      case 'C':
        this.#column = Math.min(maxColumn, this.#column + count)
        break
      case 'D':
        this.#column = Math.max(0, this.#column - count)
        break
      case 'G':
        this.#column = count - 1
        break
      case 'K':
        this.#eraseInLine(first)
        break
      case 'J':
        if (first === 0) this.#eraseBelow()
        break
      case 'm':
        this.#style.apply(parameters)
    }
    if (command === 'E' || command === 'F') this.#column = 0
  }

  #eraseInLine(how: number): void {
    const row = this.#rows[this.#row]
    if (row === undefined) return
    if (how === 0) row.eraseFrom(this.#column)
    else if (how === 1) row.eraseTo(this.#column)
    else if (how === 2) row.eraseFrom(0)
    this.#options.changed(row)
  }

  #eraseBelow(): void {
    this.#rows[this.#row]?.eraseFrom(this.#column)
    for (const row of this.#rows.slice(this.#row + 1)) row.eraseFrom(0)
    for (const row of this.#rows.slice(this.#row)) this.#options.changed(row)
  }
}
