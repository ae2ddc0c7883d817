import { KirokuError } from '@kiroku/core/errors'
import type { ExtendedValue } from './extended-json.ts'

const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?)?(?:##)?(Z|[+-]\d\d:?\d\d)?$/

/**
 * A time of a query, a text such as `2026-03-09`, `2026-03-09T10` or `2026-03-09T10:00:00Z`, in UTC where it names no zone, in unix
 * milliseconds. A number is taken for unix seconds. Throws BAD_REQUEST for all else.
 */
export function readQueriedTime(value: ExtendedValue, name: string): number {
  const found = typeof value === 'string' ? form.exec(value) : null
  const time = typeof value === 'number' ? value * 1000 : found ? Date.parse(isoOf(found)) : Number.NaN
  if (Number.isFinite(time)) return time
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `filters: ${name} is a time such as "2026-03-09T10:00:00Z", and ${String(value).slice(0, 100)} came`,
  })
}

function isoOf([, day, hour = '00', minute = '00', second = '00', zone = 'Z']: RegExpExecArray): string {
  return `${day}T${hour}:${minute}:${second}${zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`
}
