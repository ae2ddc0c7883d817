import type { RunFile } from '@kiroku/core/files'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { toFilePage } from './file-page.ts'
import { matchesLike } from './like.ts'

const fileAt = (path: string): RunFile => ({ path, sha256: '0'.repeat(64), size: 1, mime: 'text/plain', createdAt: 0 })
const all = ['b', 'a/x.json', 'a_x', 'abx'].map(fileAt)
const pathsOf = (query: Partial<Parameters<typeof toFilePage>[1]>) =>
  toFilePage(all, { first: 10, ...query }).files.map(({ path }) => path)

it('pages go on where the one before ended', () => {
  const first = toFilePage(all, { first: 3 })
  expect(first).toMatchObject({ endCursor: 'abx', hasNextPage: true, missing: [] })
  expect(pathsOf({ after: first.endCursor })).toEqual(['b'])
})

it('names choose files, and tell those that there are not', () => {
  expect(toFilePage(all, { names: ['b', 'none'], first: 10 })).toMatchObject({ missing: ['none'], hasNextPage: false })
  expect(pathsOf({ names: ['b', 'none'] })).toEqual(['b'])
  expect(pathsOf({ names: [] })).toHaveLength(4)
})

it.each([
  ['%.json', ['a/x.json']],
  ['a_x', ['a_x', 'abx']],
  ['a\\_x', ['a_x']],
  ['a%x', ['a_x', 'abx']],
  ['%', ['a/x.json', 'a_x', 'abx', 'b']],
  ['A%', []],
  ['a', []],
])('the pattern %s', (pattern, expected) => {
  expect(pathsOf({ pattern })).toEqual(expected)
})

it('a pattern means what the regular expression of it means', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '%', '_', '\\', '\n', '記'), maxLength: 12 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '%', '_', '記'), maxLength: 8 })
  fc.assert(
    fc.property(text, pattern, (path, like) => {
      const expected = new RegExp(`^${like.replaceAll('%', '.*').replaceAll('_', '.')}$`, 'su')
      expect(matchesLike(path, like)).toBe(expected.test(path))
    }),
  )
})

it('a pattern of many wild parts is decided at once', () => {
  const began = performance.now()
  expect(matchesLike('a'.repeat(512), `${'%a'.repeat(500)}b`)).toBe(false)
  expect(performance.now() - began).toBeLessThan(500)
})
