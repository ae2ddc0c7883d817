import { type FilterValue, maxSortedText, type RunFilter, type RunOrder } from './run-filters.ts'
import { parseRunPath, type RunPath, type RunValues, valueAtPath } from './run-paths.ts'
import { isRecord, type WireValue } from './values.ts'

/** What a filter and an order say, run by run, as the server answers them by SQL. */

const numberOf = (value: WireValue | undefined): number | undefined => {
  if (typeof value === 'number') return value
  return isRecord(value) && typeof value['$n'] === 'string' ? Number(value['$n']) : undefined
}

function at(run: RunValues, path: RunPath): WireValue | undefined {
  const parts = parseRunPath(path)
  return parts === null ? undefined : valueAtPath(run, parts)
}

/** Whether a run is meant by a filter. */
export function matchesFilter(run: RunValues, filter: RunFilter): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((inner) => matchesFilter(run, inner))
    case 'or':
      return filter.filters.some((inner) => matchesFilter(run, inner))
    case 'not':
      return !matchesFilter(run, filter.filter)
    case 'exists':
      return at(run, filter.path) !== undefined
    case 'eq':
      return equals(at(run, filter.path), filter.value)
    case 'ne':
      return !equals(at(run, filter.path), filter.value)
    case 'in':
      return filter.values.some((value) => equals(at(run, filter.path), value))
    case 'notIn':
      return !filter.values.some((value) => equals(at(run, filter.path), value))
    case 'regex': {
      const pattern = new RegExp(filter.pattern, 'u')
      return textsOf(at(run, filter.path)).some((text) => pattern.test(text))
    }
    case 'contains': {
      const sought = filter.text.toLowerCase()
      return textsOf(at(run, filter.path)).some((text) => text.toLowerCase().includes(sought))
    }
    default:
      return isInOrder(filter.op, compareAlike(at(run, filter.path), filter.value))
  }
}

function equals(found: WireValue | undefined, value: FilterValue): boolean {
  if (value === null) return found === undefined || found === null
  const equalsOne = (one: WireValue | undefined): boolean => {
    const wanted = numberOf(value)
    const number = numberOf(one)
    if (wanted === undefined) return one === value
    return number === wanted || (Number.isNaN(wanted) && Number.isNaN(number))
  }
  return Array.isArray(found) ? found.some(equalsOne) : equalsOne(found)
}

function textsOf(found: WireValue | undefined): string[] {
  return (Array.isArray(found) ? found : [found]).filter((value) => typeof value === 'string')
}

/** The order of two values of one kind; undefined where there is none. */
function compareAlike(found: WireValue | undefined, value: FilterValue): number | undefined {
  if (typeof found === 'string' && typeof value === 'string') return compareTexts(found, value)
  const [one, other] = [numberOf(found), numberOf(value)]
  if (one === undefined || other === undefined || Number.isNaN(one)) return undefined
  return one === other ? 0 : one < other ? -1 : 1
}

function isInOrder(op: 'lt' | 'lte' | 'gt' | 'gte', order: number | undefined): boolean {
  if (order === undefined) return false
  switch (op) {
    case 'lt':
      return order < 0
    case 'lte':
      return order <= 0
    case 'gt':
      return order > 0
    case 'gte':
      return order >= 0
  }
}

/** The order of two texts by code points, as UTF-8 has it. */
function compareTexts(one: string, other: string): number {
  const [left, right] = [[...one], [...other]]
  for (const [index, letter] of left.entries()) {
    const against = right[index]
    if (against === undefined) return 1
    if (letter !== against) return (letter.codePointAt(0) ?? 0) < (against.codePointAt(0) ?? 0) ? -1 : 1
  }
  return left.length === right.length ? 0 : -1
}

type Place = { rank: number; number: number; text: string }

/** JSON with the spaces that PostgreSQL writes. */
function jsonOf(value: WireValue): string {
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${jsonOf(inner)}`)
  return `{${entries.join(', ')}}`
}

function placeOf(value: WireValue | undefined): Place {
  const place = { rank: 3, number: 0, text: '' }
  const number = numberOf(value)
  if (number !== undefined) return Number.isNaN(number) ? { ...place, rank: 2 } : { ...place, rank: 0, number }
  const text = (kind: string, all: string): Place => ({
    ...place,
    rank: 1,
    text: [...(kind + all)].slice(0, maxSortedText).join(''),
  })
  if (typeof value === 'boolean') return text('b', String(value))
  if (Array.isArray(value)) return text('l', jsonOf(value))
  return typeof value === 'string' ? text('s', value) : place
}

/** Sorts runs by an order; equal ones by `createdAt`, the newest first, then by `id`, falling. */
export function sortRunsBy<T extends RunValues & { id: string }>(runs: readonly T[], order: readonly RunOrder[]): T[] {
  const placed = runs.map((run) => ({ run, places: order.map(({ path }) => placeOf(at(run, path))) }))
  return placed
    .toSorted((one, other) => {
      for (const [index, { direction }] of order.entries()) {
        const [left, right] = [one.places[index], other.places[index]]
        if (left === undefined || right === undefined) continue
        if (left.rank !== right.rank) return left.rank - right.rank
        const risen =
          left.number === right.number ? compareTexts(left.text, right.text) : left.number < right.number ? -1 : 1
        if (risen !== 0) return direction === 'asc' ? risen : -risen
      }
      return other.run.createdAt - one.run.createdAt || (one.run.id < other.run.id ? 1 : -1)
    })
    .map(({ run }) => run)
}
