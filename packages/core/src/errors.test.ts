import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { KirokuError, parseInput } from './errors.ts'

describe('parseInput', () => {
  const schema = z.object({ width: z.number(), range: z.object({ from: z.number() }) })

  it('gives the parsed value', () => {
    expect(parseInput(z.object({ a: z.number().default(1) }), {}, 'thing')).toEqual({ a: 1 })
  })

  it('names every field that is wrong, and what was expected', () => {
    expect(() => parseInput(schema, { width: 'x', range: {} }, 'series request')).toThrow(
      /^series request: width: .*expected number.*; range\.from: .*expected number/,
    )
  })

  it('throws the one error class with its code and cause', () => {
    const cause = new Error('inside')
    const error = new KirokuError({ code: 'NOT_FOUND', message: 'no such run', details: { run: 'a' }, cause })
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'no such run', details: { run: 'a' }, cause })
  })
})
