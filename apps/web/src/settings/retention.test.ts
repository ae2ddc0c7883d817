import { expect, test } from 'vitest'
import { describeForecast, parseDays } from './retention.ts'

test('days are whole and at least one', () => {
  expect(['30', ' 1 ', '36500'].map(parseDays)).toEqual([30, 1, 36_500])
  expect(['', '0', '1.5', '-3', 'x', '1e3', '36501'].map(parseDays)).toEqual([null, null, null, null, null, null, null])
})

test('a forecast says what is lost and what stays', () => {
  const read = (...[now, soon, kept]: [number, number, number]): string => {
    const { atOnce, later } = describeForecast({ now, soon, kept })
    return atOnce + later
  }
  expect(read(0, 0, 0)).toBe('No run goes now, none in the next 7 days.')
  expect(read(1, 0, 1)).toBe('1 run goes within the hour, none in the next 7 days; 1 run stays for the tag keep.')
  expect(read(1200, 3, 2)).toBe(
    '1 200 runs go within the hour, 3 more in the next 7 days; 2 runs stay for the tag keep.',
  )
})
