import { describe, expect, test } from 'vitest'
import { readTokens } from './tokens.ts'
import { wantedOfRuns } from './wanted.ts'

const whole = (query: string): boolean => wantedOfRuns(readTokens(query).tokens).config

describe('the whole config of runs is read', () => {
  test.each([
    'SELECT * FROM runs',
    'SELECT r.* FROM runs r',
    'SELECT tuple(*) FROM runs',
    'SELECT uniq ( * ) FROM runs',
  ])('for %s', (query) => expect(whole(query)).toBe(true))

  test.each(['SELECT count(*) FROM runs', 'SELECT COUNT (*) FROM runs', 'SELECT count() FROM runs'])(
    'and not for %s',
    (query) => expect(whole(query)).toBe(false),
  )
})
