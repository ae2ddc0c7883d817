import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTokens } from './tokens.ts'

const words = (query: string): string[] => readTokens(query).tokens.map(({ value }) => value)

test('comments are spaces, and everything stands where it stood', () => {
  const query = "SELECT /* a'b */ `x y`, -- c\n 'it''s'\t;;"
  const { text, tokens } = readTokens(query)
  expect(text).toBe("SELECT           `x y`,     \n 'it\\'s'\t  ")
  for (const { from, to, kind } of tokens)
    if (kind !== 'string') expect(text.slice(from, to)).toBe(query.slice(from, to))
})

test.each([
  ['a.1.b', ['a', '.', '1', '.', 'b']],
  ['x::Int8||.5e-3', ['x', '::', 'Int8', '||', '.5e-3']],
  ['"a"."b/c"', ['a', '.', 'b/c']],
  ["f(x -> 1, '\\\\')", ['f', '(', 'x', '->', '1', ',', "'\\\\'", ')']],
])('%s', (query, expected) => {
  expect(words(query)).toEqual(expected)
})

test.each([
  "'",
  "'a\\'",
  '`a',
  '"a\\"',
  '/* a',
  '$a$',
  '{a}',
  '@@a',
  '#',
  '\0',
  '(]',
  ')',
  '1a',
  "x'00'",
  '‘a’',
  '`a\nb`',
  '~',
  '!a',
  '',
])('%j is refused', (query) => {
  expect(() => readTokens(query)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
})

test('what comes out is cut into the same tokens again, whatever goes in', () => {
  const pieces = fc.constantFrom(
    "'",
    "''",
    '\\',
    '`',
    '"',
    '--',
    '/*',
    '*/',
    '\n',
    ' ',
    'a',
    '1',
    '.',
    '(',
    ')',
    ';',
    '-',
    '/',
    '*',
    'é',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      const query = parts.join('')
      let first: ReturnType<typeof readTokens>
      try {
        first = readTokens(query)
      } catch {
        return
      }
      const again = readTokens(first.text)
      expect(again.text).toBe(first.text)
      expect(again.tokens.map(({ kind, from, to }) => [kind, from, to])).toEqual(
        first.tokens.map(({ kind, from, to }) => [kind, from, to]),
      )
      const bare = first.text.replaceAll(/'(?:[^'\\]|\\.)*'|`[^`]*`/gs, 'x')
      expect(bare).not.toMatch(/--|\/\*|;/)
    }),
    { numRuns: 5000 },
  )
})
