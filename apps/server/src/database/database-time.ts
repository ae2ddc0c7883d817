const earliestMs = Date.parse('0001-01-01T00:00:00.000Z')
const latestMs = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * A script's time in unix milliseconds as one that PostgreSQL keeps and its driver reads back, of the years 1 to 9999: a
 * clock that is far off must make no run unreadable.
 */
export function toDatabaseTime(ms: number): number {
  return Math.min(latestMs, Math.max(earliestMs, ms))
}
