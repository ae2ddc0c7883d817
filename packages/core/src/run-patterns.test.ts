import { describe, expect, it } from 'vitest'
import { toPostgresPattern } from './run-patterns.ts'

const said = (pattern: string): string => {
  const rewritten = toPostgresPattern(pattern)
  return 'pattern' in rewritten ? rewritten.pattern : `fault: ${rewritten.fault}`
}

describe('a pattern for PostgreSQL', () => {
  it('says the same in its words', () => {
    expect(said('^exp-\\d+$')).toBe('(?p)^exp-\\d+$')
    expect(said('(?i)a.b')).toBe('(?ip)a.b')
    expect(said('(?ms)^a.b$')).toBe('(?w)^a.b$')
    expect(said('\\bword\\B\\z')).toBe('(?p)\\yword\\Y\\Z')
    expect(said('(?P<name>a)|(?:b)|(c)')).toBe('(?p)(?:a)|(?:b)|(c)')
    expect(said('\\x41\\x{1F600}')).toBe('(?p)\\U00000041\\U0001f600')
    expect(said('\\Qa.b*\\E+')).toBe('(?p)a\\.b\\*+')
    expect(said('[^a[\\]]')).toBe('(?p)(?:[^a\\[\\]]|\\n)')
    expect(said('[]a][[:alpha:]\\d-]')).toBe('(?p)[\\]a][[:alpha:]\\d-]')
    expect(said('***=a')).toBe('(?p)***=a')
    expect(said('\\.\\/\\😀')).toBe('(?p)\\.\\/\\😀')
  })

  it('is refused where there are no words for it', () => {
    for (const pattern of [
      '\\p{L}',
      '\\C',
      '\\1',
      '(?=a)',
      '(?<!a)',
      'a(?i)b',
      '(?U)a',
      '[a',
      'a\\',
      '\\x{110000}',
      '[\\b]',
      '\\x{0}',
    ])
      expect(said(pattern)).toContain('fault: ')
  })
})
