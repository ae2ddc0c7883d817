import { expect, test } from 'vitest'
import { returnPath } from './return-path.ts'

const origin = 'http://kiroku.test:8080'

test('signing in leads back to a path of this site', () => {
  expect(returnPath('/local/mnist?x=step', origin)).toBe('/local/mnist?x=step')
  expect(returnPath(null, origin)).toBe('/')
})

test.each(['//evil.test', '/\\evil.test', '/\t/evil.test', 'https://evil.test/', 'javascript:alert(1)', 'http://['])(
  'it never leads to %j',
  (next) => {
    expect(returnPath(next, origin)).toBe('/')
  },
)
