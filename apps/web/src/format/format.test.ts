import { describe, expect, test } from 'vitest'
import { formatBytes, formatCount, formatExact, formatNumber, formatShortCount } from './numbers.ts'
import { formatAge, formatDuration, formatMoment } from './times.ts'

describe('formatNumber', () => {
  test.each([
    [0, '0'],
    [0.0213456, '0.02135'],
    [12.5, '12.5'],
    [-3.75849, '−3.758'],
    [1234, '1234'],
    [9999, '9999'],
    [24_000, '24 k'],
    [999_999, '1 M'],
    [1_234_567, '1.235 M'],
    [0.00002, '2e-5'],
    [1e-7, '1e-7'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+∞'],
    [Number.NEGATIVE_INFINITY, '−∞'],
  ])('%d reads %s', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })

  test('the exact form reads back as the same number', () => {
    for (const value of [0.1 + 0.2, 1e-300, -0.0213456789, 123456789.123, Number.POSITIVE_INFINITY])
      expect(Number(formatExact(value))).toBe(value)
    expect(formatExact(Number.NEGATIVE_INFINITY)).toBe('-Infinity')
  })
})

test('counts and sizes', () => {
  expect(formatCount(24_000)).toBe('24 000')
  expect(formatCount(999)).toBe('999')
  expect(formatShortCount(412)).toBe('412')
  expect(formatShortCount(9321)).toBe('9.3k')
  expect(formatBytes(25_122_181_120)).toBe('23.4 GiB')
  expect(formatBytes(512)).toBe('512 B')
})

test('ages, durations and moments', () => {
  expect(formatAge(400)).toBe('now')
  expect(formatAge(12_000)).toBe('12 s')
  expect(formatAge(3 * 3_600_000)).toBe('3 h')
  expect(formatDuration(340)).toBe('340 ms')
  expect(formatDuration(12_340)).toBe('12.3 s')
  expect(formatDuration(245_000)).toBe('4 m 05 s')
  expect(formatDuration(8_040_000)).toBe('2 h 14 m')
  expect(formatDuration(266_400_000)).toBe('3 d 2 h')
  expect(formatMoment(new Date(2026, 10, 3, 4, 5, 6).getTime())).toBe('2026-11-03 04:05:06')
})
