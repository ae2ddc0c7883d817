import { KirokuError } from '@kiroku/core/errors'

/**
 * What extended JSON holds: JSON, the numbers NaN and ±Infinity, and integers that no double holds exactly, which are bigint.
 */
export type ExtendedValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | ExtendedValue[]
  | { [key: string]: ExtendedValue }
export type ExtendedRecord = { [key: string]: ExtendedValue }

/** What is nested deeper than this is refused. */
const maxDepth = 500

/** A bare token, or an integer of so many digits that it may be beyond 2^53. Matches inside strings do no harm. */
const extension = /NaN|Infinity|(?<![\d.])\d{16,}(?![\d.eE])/
const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const space = /[ \t\n\r]*/y

/**
 * Parses JSON as the wandb client writes it: like JSON, with the bare tokens NaN, Infinity and -Infinity, and integers of any
 * size. Throws `KirokuError` BAD_REQUEST that names the place.
 */
export function parseExtendedJson(text: string): ExtendedValue {
  if (extension.test(text)) return new Parser(text).whole()
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw wrong(cause instanceof Error ? cause.message : String(cause))
  }
}

/** True for a record, neither a list nor null. */
export function isExtendedRecord(value: ExtendedValue | undefined): value is ExtendedRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parses a document that must be a record. Throws `KirokuError` BAD_REQUEST when it is none. */
export function parseExtendedRecord(text: string): ExtendedRecord {
  const value = parseExtendedJson(text)
  if (isExtendedRecord(value)) return value
  throw wrong('expected a record')
}

const wrong = (why: string): KirokuError => new KirokuError({ code: 'BAD_REQUEST', message: `not JSON: ${why}` })

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): ExtendedValue {
    const value = this.#value(0)
    this.#skipSpace()
    return this.#at === this.#text.length ? value : this.#fail()
  }

  #fail(): never {
    const found = this.#text.charAt(this.#at)
    throw wrong(`unexpected ${found === '' ? 'end' : JSON.stringify(found)} at character ${this.#at}`)
  }

  #skipSpace(): void {
    space.lastIndex = this.#at
    space.test(this.#text)
    this.#at = space.lastIndex
  }

  #value(depth: number): ExtendedValue {
    this.#skipSpace()
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#record(depth + 1)
      case '[':
        return this.#list(depth + 1)
      case '"':
        return this.#string()
      case 't':
        return this.#token('true', true)
      case 'f':
        return this.#token('false', false)
      case 'n':
        return this.#token('null', null)
      case 'N':
        return this.#token('NaN', Number.NaN)
      case 'I':
        return this.#token('Infinity', Number.POSITIVE_INFINITY)
      default:
        if (this.#text.startsWith('-Infinity', this.#at)) return this.#token('-Infinity', Number.NEGATIVE_INFINITY)
        return this.#number()
    }
  }

  #token<T>(token: string, value: T): T {
    if (!this.#text.startsWith(token, this.#at)) return this.#fail()
    this.#at += token.length
    return value
  }

  #number(): number | bigint {
    number.lastIndex = this.#at
    const found = number.exec(this.#text)
    if (found === null) return this.#fail()
    this.#at = number.lastIndex
    const value = Number(found[0])
    const isInteger = found[1] === undefined && found[2] === undefined
    if (!isInteger || Number.isSafeInteger(value)) return value
    const exact = BigInt(found[0])
    return Number.isFinite(value) && BigInt(value) === exact ? value : exact
  }

  #string(): string {
    let end = this.#at
    do {
      end = this.#text.indexOf('"', end + 1)
      if (end < 0) {
        this.#at = this.#text.length
        return this.#fail()
      }
    } while (this.#isEscaped(end))
    const quoted = this.#text.slice(this.#at, end + 1)
    try {
      const value: string = JSON.parse(quoted)
      this.#at = end + 1
      return value
    } catch {
      throw wrong(`the string at character ${this.#at} is malformed`)
    }
  }

  #isEscaped(at: number): boolean {
    let slashes = 0
    while (this.#text.charAt(at - 1 - slashes) === '\\') slashes++
    return slashes % 2 === 1
  }

  #list(depth: number): ExtendedValue[] {
    const items: ExtendedValue[] = []
    this.#open(depth)
    if (this.#closes(']')) return items
    do items.push(this.#value(depth))
    while (this.#goesOn(']'))
    return items
  }

  #record(depth: number): ExtendedRecord {
    const entries: [string, ExtendedValue][] = []
    this.#open(depth)
    if (this.#closes('}')) return {}
    do {
      this.#skipSpace()
      if (this.#text.charAt(this.#at) !== '"') return this.#fail()
      const key = this.#string()
      this.#skipSpace()
      this.#token(':', null)
      entries.push([key, this.#value(depth)])
    } while (this.#goesOn('}'))
    // Unlike an assignment this makes `__proto__` a key like any other.
    return Object.fromEntries(entries)
  }

  #open(depth: number): void {
    if (depth > maxDepth) throw wrong(`more than ${maxDepth} records and lists are nested`)
    this.#at++
  }

  #closes(bracket: string): boolean {
    this.#skipSpace()
    if (this.#text.charAt(this.#at) !== bracket) return false
    this.#at++
    return true
  }

  #goesOn(bracket: string): boolean {
    if (this.#closes(bracket)) return false
    this.#token(',', null)
    return true
  }
}
