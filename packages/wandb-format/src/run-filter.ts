import { KirokuError } from '@kiroku/core/errors'
import type { FilterValue, RunFilter } from '@kiroku/core/run-filters'
import type { RunPath } from '@kiroku/core/run-paths'
import { toWireNumber } from '@kiroku/core/values'
import { type ExtendedRecord, type ExtendedValue, isExtendedRecord, parseExtendedJson } from './extended-json.ts'
import { type QueriedPath, readQueriedPath } from './run-query-paths.ts'
import { readQueriedTime } from './run-query-time.ts'

const groups = ['$and', '$or', '$nor', '$not'] as const
const comparisons = [
  '$eq',
  '$ne',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$in',
  '$nin',
  '$all',
  '$exists',
  '$regex',
  '$contains',
  '$not',
] as const
type Comparison = (typeof comparisons)[number]

const refuse = (why: string): never => {
  throw new KirokuError({ code: 'BAD_REQUEST', message: `filters: ${why}` })
}

const shown = (value: ExtendedValue): string =>
  typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value)).slice(0, 100)

/**
 * The filter of a query for runs, in the grammar of MongoDB, as Kiroku's own; undefined for one that means all runs. Throws
 * BAD_REQUEST for an operator or a field that there is not, which names both it and what there is.
 */
export function readRunFilter(text: string | null | undefined): RunFilter | undefined {
  if (!text) return undefined
  const value = parseExtendedJson(text)
  if (value === null) return undefined
  if (!isExtendedRecord(value))
    return refuse(`expected a record such as {"state": "finished"}, and ${shown(value)} came`)
  return Object.keys(value).length === 0 ? undefined : readGroup(value)
}

/** All entries of a record have to be true. */
function readGroup(record: ExtendedRecord): RunFilter {
  return joined(Object.entries(record).map(([key, value]) => readEntry(key, value)))
}

function joined(filters: RunFilter[]): RunFilter {
  const [only] = filters
  return filters.length === 1 && only ? only : { op: 'and', filters }
}

function readEntry(key: string, value: ExtendedValue): RunFilter {
  if (!key.startsWith('$')) return readField(readQueriedPath(key, 'filters'), key, value)
  switch (groups.find((name) => name === key)) {
    case '$and':
      return { op: 'and', filters: readList(key, value) }
    case '$or':
      return { op: 'or', filters: readList(key, value) }
    case '$nor':
      return { op: 'not', filter: { op: 'or', filters: readList(key, value) } }
    case '$not':
      if (!isExtendedRecord(value)) return refuse(`$not takes a record, and ${shown(value)} came`)
      return { op: 'not', filter: readGroup(value) }
    default:
      return refuse(
        comparisons.some((name) => name === key)
          ? `${key} compares a field, as {"summary_metrics.loss": {"${key}": …}}, and stands alone here`
          : `there is no operator ${key.slice(0, 100)}; there are ${groups.join(', ')} over filters and ${comparisons.join(', ')} of a field`,
      )
  }
}

function readList(operator: string, value: ExtendedValue): RunFilter[] {
  if (!Array.isArray(value)) return refuse(`${operator} takes a list of filters, and ${shown(value)} came`)
  return value.map((item) =>
    isExtendedRecord(item) ? readGroup(item) : refuse(`${operator} takes filters, and ${shown(item)} came`),
  )
}

function readField(field: QueriedPath, name: string, value: ExtendedValue): RunFilter {
  if (field.kind === 'tag') return readTag(field, name, value)
  if (!isExtendedRecord(value))
    return Array.isArray(value)
      ? refuse(`${name}: a list is asked about by {"$in": […]} or {"$all": […]}`)
      : compare(field, name, '$eq', value)
  const entries = Object.entries(value)
  if (entries.length === 0) return refuse(`${name}: an empty record says nothing; {"$exists": true} is what is there`)
  const { $options: options, ...operators } = value
  if (options !== undefined && operators['$regex'] === undefined)
    return refuse(`${name}: $options belongs to $regex, and there is none`)
  return joined(
    Object.entries(operators).map(([operator, operand]) => {
      const known = comparisons.find((one) => one === operator)
      if (known === undefined)
        return refuse(
          operator.startsWith('$')
            ? `${name}: there is no operator ${operator.slice(0, 100)}; there are ${comparisons.join(', ')}`
            : `${name}: records are not compared as a whole; name the entry, as ${name}.${operator.slice(0, 100)}`,
        )
      if (known === '$regex' && options !== undefined) return regex(field, name, operand, options)
      return compare(field, name, known, operand)
    }),
  )
}

/** `tags.x` is true of a run that has the tag x. */
function readTag({ path, tag = '' }: QueriedPath, name: string, value: ExtendedValue): RunFilter {
  const wanted = isExtendedRecord(value) ? (value['$exists'] ?? value['$eq']) : value
  if (typeof wanted !== 'boolean') return refuse(`${name} is true or false, and ${shown(value)} came`)
  return { op: wanted ? 'eq' : 'ne', path, value: tag }
}

function compare(field: QueriedPath, name: string, operator: Comparison, operand: ExtendedValue): RunFilter {
  const { path } = field
  if (field.kind === 'presence' && operator !== '$exists' && !(operator === '$ne' && operand === null))
    return refuse(`${name}: whether a metric was logged is asked by {"$exists": true}`)
  switch (operator) {
    case '$eq':
    case '$ne':
      return { op: operator === '$eq' ? 'eq' : 'ne', path, value: scalar(field, name, operand) }
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return ordered(field, name, operator, operand)
    case '$in':
    case '$nin':
      return { op: operator === '$in' ? 'in' : 'notIn', path, values: scalars(field, name, operator, operand) }
    case '$all': {
      const filters = scalars(field, name, operator, operand).map((value) => ({ op: 'eq', path, value }) as const)
      return filters.length === 0 ? { op: 'or', filters } : joined(filters)
    }
    case '$exists':
      if (typeof operand !== 'boolean')
        return refuse(`${name}: $exists takes true or false, and ${shown(operand)} came`)
      return operand ? { op: 'exists', path } : { op: 'not', filter: { op: 'exists', path } }
    case '$regex':
      return regex(field, name, operand, '')
    case '$contains':
      if (typeof operand !== 'string' || operand === '') return refuse(`${name}: $contains takes a text`)
      return { op: 'contains', path, text: operand }
    case '$not':
      if (!isExtendedRecord(operand)) return refuse(`${name}: $not takes a record, as {"$not": {"$gt": 1}}`)
      return { op: 'not', filter: readField(field, name, operand) }
  }
}

function ordered(
  field: QueriedPath,
  name: string,
  operator: '$gt' | '$gte' | '$lt' | '$lte',
  operand: ExtendedValue,
): RunFilter {
  const value = scalar(field, name, operand)
  if (value === null || typeof value === 'boolean')
    return refuse(`${name}: ${operator} takes a number or a text, and ${shown(operand)} came`)
  const op = ({ $gt: 'gt', $gte: 'gte', $lt: 'lt', $lte: 'lte' } as const)[operator]
  return { op, path: field.path, value }
}

function scalars(field: QueriedPath, name: string, operator: string, operand: ExtendedValue): FilterValue[] {
  if (!Array.isArray(operand)) return refuse(`${name}: ${operator} takes a list, and ${shown(operand)} came`)
  return operand.map((item) => scalar(field, name, item))
}

function scalar({ kind }: QueriedPath, name: string, value: ExtendedValue): FilterValue {
  if (kind === 'time' && value !== null) return readQueriedTime(value, name)
  if (typeof value === 'bigint' || typeof value === 'number')
    return toWireNumber(kind === 'seconds' ? Number(value) * 1000 : Number(value))
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  return refuse(`${name}: it is compared with a number, a text, true, false or null, and ${shown(value)} came`)
}

function regex({ path }: { path: RunPath }, name: string, operand: ExtendedValue, options: ExtendedValue): RunFilter {
  if (typeof operand !== 'string') return refuse(`${name}: $regex takes a text, and ${shown(operand)} came`)
  if (typeof options !== 'string' || /[^ims]/.test(options))
    return refuse(`${name}: $options takes the flags i, m and s, and ${shown(options)} came`)
  return { op: 'regex', path, pattern: options === '' ? operand : `(?${options})${operand}` }
}
