import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toJsonText } from './json-text.ts'

describe('JSON text for PostgreSQL', () => {
  it('has no NUL and no half of a pair, and everything else as it was', () => {
    expect(JSON.parse(toJsonText({ 'a\0': ['\ud800x', '\\u0000', '\\ud800', '"\u001f😀'] }))).toEqual({
      'a\ufffd': ['\ufffdx', '\\u0000', '\\ud800', '"\u001f😀'],
    })
  })

  it('is JSON of any JSON, and the same where nothing must be replaced', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        const text = JSON.stringify(value)
        if (!text.includes('\\u0000')) expect(toJsonText(value)).toBe(text)
      }),
    )
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
        (value) => {
          const kept: unknown = JSON.parse(toJsonText(value))
          expect(kept).toBe(Buffer.from(value.replaceAll('\0', '\ufffd')).toString())
        },
      ),
    )
  })
})
