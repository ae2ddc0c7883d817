import { expect, it } from 'vitest'
import { parseJson } from './json.ts'

it('a text that is no JSON has no value', () => {
  expect(parseJson('{"a":[1,null]}')).toEqual({ a: [1, null] })
  for (const text of ['', '{', 'undefined', '<html>']) expect(parseJson(text)).toBeUndefined()
})
