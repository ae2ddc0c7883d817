import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isIgnored } from './ignore-globs.ts'

describe('6.1 ignore globs', () => {
  it.each([
    ['*.patch', 'diff.patch', true],
    ['*.patch', 'diff_0123.patch', true],
    ['*.patch', 'media/a.patch', false],
    ['*.patch', 'diff.patch.txt', false],
    ['*.patch', 'diffXpatch', false],
    ['**/*.patch', 'media/deep/a.patch', true],
    ['**/*.patch', 'a.patch', true],
    ['media/**', 'media/a/b.png', true],
    ['media/*', 'media/a/b.png', false],
    ['code/?rain.ts', 'code/train.ts', true],
    ['code?train.ts', 'code/train.ts', false],
    ['[a-c]*.json', 'config.json', true],
    ['[!a-c]*.json', 'config.json', false],
    ['[!a]b', '/b', false],
    ['a[]]b', 'a]b', true],
    ['a[^', 'a[^', true],
    ['[z-a]', 'm', false],
    ['\\*.patch', '*.patch', true],
    ['\\*.patch', 'diff.patch', false],
    ['(a|b)+.$', '(a|b)+.$', true],
    ['', 'a', false],
  ])('%j and %j: %j', (glob, path, fits) => {
    expect(isIgnored(path, [glob])).toBe(fits)
  })

  it('are several, one of which has to fit', () => {
    expect(isIgnored('packages.json', ['*.patch', 'packages.json'])).toBe(true)
    expect(isIgnored('packages.json', [])).toBe(false)
  })

  it('never throw, and a path without special characters fits itself alone', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (glob, path) => typeof isIgnored(path, [glob]) === 'boolean'))
    const plain = fc.stringMatching(/^[\w./-]{1,20}$/)
    fc.assert(fc.property(plain, plain, (glob, path) => isIgnored(path, [glob]) === (glob === path)))
  })
})
