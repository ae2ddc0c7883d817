import { expect, test } from 'vitest'
import { followsAfter, linesPerPage, pagesOf } from './log-pages.ts'

test('the pages are those that have a line in view', () => {
  expect(pagesOf(0, 40, 10_000)).toEqual([0])
  expect(pagesOf(linesPerPage - 1, linesPerPage + 1, 10_000)).toEqual([0, 1])
  expect(pagesOf(linesPerPage, 2 * linesPerPage, 10_000)).toEqual([1])
  expect(pagesOf(-3, 5000, 3)).toEqual([0])
  expect(pagesOf(0, 40, 0)).toEqual([])
})

test('the end is followed until the reader scrolls up, and again from the end on', () => {
  const at = (top: number, height = 1000) => ({ top, height, viewHeight: 100 })
  expect(followsAfter(true, at(900), at(900))).toBe(true)
  expect(followsAfter(true, at(900), at(700))).toBe(false)
  expect(followsAfter(false, at(700), at(800))).toBe(false)
  expect(followsAfter(false, at(700), at(899))).toBe(true)
})

test('lines that come meanwhile, or go, are not a reader who scrolls', () => {
  expect(followsAfter(true, { top: 900, height: 1000 }, { top: 900, height: 1400, viewHeight: 100 })).toBe(true)
  expect(followsAfter(true, { top: 900, height: 1000 }, { top: 400, height: 600, viewHeight: 100 })).toBe(true)
  expect(followsAfter(false, { top: 500, height: 1000 }, { top: 500, height: 1400, viewHeight: 100 })).toBe(false)
})
