import { describe, expect, it } from 'vitest'
import { advance, startingPosition } from './position.ts'

const start = startingPosition({ history: 5 }).history

describe('lines of a file', () => {
  it('move on to the line after them', () => {
    const { lines, position } = advance(start, { offset: 5, content: ['a', 'b'] })
    expect(lines).toEqual(['a', 'b'])
    expect(position.lines).toBe(7)
  })

  it('that come again are passed over', () => {
    const chunk = { offset: 5, content: ['a', 'b'] }
    const { position } = advance(start, chunk)
    expect(advance(position, chunk)).toEqual({ lines: [], position })
  })

  it('of other words at the same place are those of a process that began anew', () => {
    const { position } = advance(start, { offset: 5, content: ['a', 'b'] })
    const again = advance(position, { offset: 0, content: ['c'] })
    expect(again.lines).toEqual(['c'])
    expect(again.position.lines).toBe(1)
    expect(advance(position, { offset: 5, content: ['a', 'c'] }).lines).toEqual(['a', 'c'])
    expect(advance(position, { offset: 5, content: ['ab'] }).lines).toEqual(['ab'])
  })

  it('may be none', () => {
    expect(advance(start, { offset: 0, content: [] })).toEqual({ lines: [], position: start })
  })
})
