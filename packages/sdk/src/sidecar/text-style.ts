/** Which attribute each code that ends attributes ends. */
const ends: Readonly<Record<number, readonly number[]>> = {
  22: [1, 2],
  23: [3],
  24: [4],
  25: [5, 6],
  27: [7],
  28: [8],
  29: [9],
}

/**
 * What the select-graphic-rendition sequences of a terminal have set: colours and attributes. `code` names it in the
 * parameters of one sequence that sets all of it, the same for the same look however it came about; empty: nothing.
 */
export class TextStyle {
  readonly #attributes = new Set<number>()
  #foreground = ''
  #background = ''
  code = ''

  /** Takes the parameters of a sequence in, such as `1;31`. What it does not know changes nothing. */
  apply(parameters: string): void {
    const codes = parameters.split(';').map((text) => (text === '' ? 0 : Number(text)))
    for (let at = 0; at < codes.length; at++) {
      const code = codes[at] ?? 0
      if (code === 38 || code === 48) {
        const length = codes[at + 1] === 2 ? 5 : codes[at + 1] === 5 ? 3 : 1
        const colour = codes.slice(at, at + length)
        if (length > 1 && colour.length === length && colour.every(isByte)) this.#colour(code, colour.join(';'))
        at += length - 1
      } else {
        this.#one(code)
      }
    }
    const parts = [...[...this.#attributes].sort((left, right) => left - right), this.#foreground, this.#background]
    this.code = parts.filter((part) => part !== '').join(';')
  }

  #one(code: number): void {
    if (code === 0) {
      this.#attributes.clear()
      this.#foreground = ''
      this.#background = ''
    } else if (code >= 1 && code <= 9) this.#attributes.add(code)
    else if (ends[code] !== undefined) for (const ended of ends[code]) this.#attributes.delete(ended)
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) this.#foreground = String(code)
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) this.#background = String(code)
    else if (code === 39) this.#foreground = ''
    else if (code === 49) this.#background = ''
  }

  #colour(code: number, colour: string): void {
    if (code === 38) this.#foreground = colour
    else this.#background = colour
  }
}

const isByte = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 255
