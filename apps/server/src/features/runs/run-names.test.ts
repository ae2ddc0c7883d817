import { describe, expect, it } from 'vitest'
import { generateRunName } from './run-names.ts'

describe('a generated run name', () => {
  it('is two words and the number', () => {
    for (let number = 1; number < 200; number++)
      expect(generateRunName(number)).toMatch(new RegExp(`^[a-z]+-[a-z]+-${number}$`))
  })

  it('is seldom the same', () => {
    const names = new Set(Array.from({ length: 200 }, () => generateRunName(1)))
    expect(names.size).toBeGreaterThan(150)
  })
})
