import { randomBytes } from 'node:crypto'

const stringOrToken = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g

/**
 * Parses JSON as Python's `json` writes it: like JSON, and the bare tokens NaN, Infinity and -Infinity are numbers.
 * Throws `SyntaxError` as `JSON.parse` does.
 */
export function parsePythonJson(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return JSON.parse(text)
  // Nothing in the file can look like it, because it was drawn after the file was written.
  const mark = randomBytes(16).toString('hex')
  const tagged = text.replaceAll(stringOrToken, (token) =>
    token.startsWith('"') ? token : `["${mark}",${JSON.stringify(token)}]`,
  )
  return JSON.parse(tagged, (_key, value: unknown) =>
    Array.isArray(value) && value[0] === mark ? Number(value[1]) : value,
  )
}
