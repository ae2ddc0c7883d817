import { KirokuError } from '@kiroku/core/errors'
import { expect, test } from 'vitest'
import { engineFailure } from './failures.ts'

const said = (number: number, text: string): Error => new Error(`Code: ${number}. DB::Exception: ${text}\n  at a stack`)

test.each([
  [said(243, 'Cannot reserve 1.00 MiB, not enough space'), 'UNAVAILABLE', 'insert: the disk is full'],
  [said(49, 'write failed: No space left on device'), 'UNAVAILABLE', 'insert: the disk is full'],
  [said(481, 'Permission denied'), 'UNAVAILABLE', 'insert: its directory cannot be written'],
  [said(241, 'memory limit exceeded'), 'TOO_LARGE', 'insert: it needs more memory than is allowed'],
  [said(159, 'Timeout exceeded'), 'UNAVAILABLE', 'insert: it took longer than is allowed'],
  [Object.assign(new Error('too slow'), { code: '159' }), 'UNAVAILABLE', 'insert: it took longer than is allowed'],
  [said(62, 'Syntax error'), 'INTERNAL', 'insert: Code: 62. DB::Exception: Syntax error'],
  ['a string', 'INTERNAL', 'insert: a string'],
])('%s is one line for people and a code for programs', (cause, code, message) => {
  expect(engineFailure('insert', cause)).toMatchObject({ code, message, cause })
})

test('an error of the store itself stays as it is', () => {
  const error = new KirokuError({ code: 'CONFLICT', message: 'taken' })
  expect(engineFailure('query', error)).toBe(error)
})
