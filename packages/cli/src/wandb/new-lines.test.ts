import { expect, it } from 'vitest'
import { NewLines } from './new-lines.ts'

it('leaves out the first lines of each stream, also where they come again', () => {
  const lines = new NewLines({ stdout: 2, stderr: 1 })
  const told = [
    ['stdout', 0],
    ['stderr', 1],
    ['stdout', 0],
    ['stdout', 2],
    ['stderr', 3],
    ['stdout', 4],
    ['stdout', 2],
    ['stdout', 4],
  ] as const
  expect(told.filter(([stream, line]) => lines.has({ stream, line }))).toEqual([
    ['stderr', 3],
    ['stdout', 4],
    ['stdout', 4],
  ])
  expect(new NewLines().has({ stream: 'stdout', line: 0 })).toBe(true)
})
