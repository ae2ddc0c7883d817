import { KirokuError } from '@kiroku/core/errors'
import { TRPCError } from '@trpc/server'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { describeError, retryAfterSeconds, toKirokuError } from './errors.ts'

describe('an error', () => {
  it.each([
    [new KirokuError({ code: 'CONFLICT', message: 'taken' }), 'CONFLICT', 'taken'],
    [Object.assign(new Error('too large'), { statusCode: 413 }), 'TOO_LARGE', 'too large'],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'UNAVAILABLE', 'PostgreSQL cannot be reached'],
    [new TRPCError({ code: 'NOT_FOUND', message: 'no procedure' }), 'NOT_FOUND', 'no procedure'],
    [new TRPCError({ code: 'PARSE_ERROR', message: 'no JSON' }), 'BAD_REQUEST', 'no JSON'],
    [
      new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause: new KirokuError({ code: 'NOT_FOUND', message: 'gone' }) }),
      'NOT_FOUND',
      'gone',
    ],
  ])('is known by its code: %s', (error, code, message) => {
    expect(toKirokuError(error)).toMatchObject({ code, message })
  })

  it.each([
    new Error('secret inside'),
    'thrown text',
    undefined,
    new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause: new Error('secret inside') }),
  ])('that nobody expected tells its request and nothing of the inside: %s', (error) => {
    const body = describeError(error, 'request-7')
    expect(body).toMatchObject({ code: 'INTERNAL', requestId: 'request-7' })
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  it.each([
    new TRPCError({
      code: 'INTERNAL_SERVER_ERROR',
      message: 'Output validation failed',
      cause: z.string().safeParse(7).error,
    }),
    new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'the body was read already' }),
  ])('of the framework keeps what the log needs to tell: %s', (error) => {
    const known = toKirokuError(error)
    expect(known.code).toBe('INTERNAL')
    expect(known.cause).toBe(error)
  })

  it('may say when to try again', () => {
    const busy = new KirokuError({ code: 'UNAVAILABLE', message: 'busy', details: { retryAfterMs: 1200 } })
    expect(retryAfterSeconds(busy)).toBe(2)
    expect(retryAfterSeconds(new KirokuError({ code: 'UNAVAILABLE', message: 'busy' }))).toBeUndefined()
  })
})
