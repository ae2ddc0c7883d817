import { expect, it } from 'vitest'
import { tellRejected } from './tell-rejected.ts'

it('of many values that are not stored the first are told, and how many more there are', () => {
  const told = (rejectedCount: number, kept: number): string[] => {
    const said: string[] = []
    const rejected = Array.from({ length: kept }, (_, index) => `m${index}: too long`)
    tellRejected({ say: (line) => said.push(line) }, 'a run', { rejected, rejectedCount })
    return said
  }
  expect(told(0, 0)).toEqual([])
  expect(told(2, 2)).toEqual(['a run: not stored: m0: too long', 'a run: not stored: m1: too long'])
  expect(told(5, 5)).toHaveLength(5)
  expect(told(1234, 100).at(-1)).toBe('a run: 1229 more are not stored')
})
