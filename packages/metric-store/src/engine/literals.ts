import { KirokuError } from '@kiroku/core/errors'
import type { Parameters, ParameterValue } from './engine.ts'

const placeholder = /\{(\w+):([\w(), ]+)\}/g

/**
 * Writes a statement's values in the places of its `{name:Type}` placeholders, as literals. This is the only function
 * that puts a value in a statement. Numbers are bit-exact. Throws `KirokuError` INTERNAL for a placeholder without a value.
 */
export function withLiterals(sql: string, parameters: Parameters): string {
  return sql.replace(placeholder, (_match, name: string, type: string) => {
    const value = parameters[name]
    if (value === undefined) throw new KirokuError({ code: 'INTERNAL', message: `no value was given for {${name}}` })
    return type === 'Float64' && typeof value === 'number' ? float64(value) : `CAST(${literal(value)}, '${type}')`
  })
}

function literal(value: ParameterValue): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value + 0) : float64(value)
  return `[${value.map(literal).join(', ')}]`
}

function float64(value: number): string {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  return `reinterpretAsFloat64(toUInt64(${bits.getBigUint64(0)}))`
}

/** A text as SQL text, for the places where ClickHouse takes no placeholder. */
export const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`

/** A name of a database or table as SQL text. */
export const identifier = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
