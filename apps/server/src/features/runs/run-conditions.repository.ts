import type { FilterValue, RunFilter } from '@kiroku/core/run-filters'
import { toPostgresPattern } from '@kiroku/core/run-patterns'
import { fromWireNumber, type WireNumber } from '@kiroku/core/values'
import { Prisma } from '../../generated/prisma/client.ts'
import type { RunValuesSql, ValueSql } from './run-values.repository.ts'

/** A filter as a condition on the runs' values, true or false and never null. */
export function conditionSql(filter: RunFilter, values: RunValuesSql): Prisma.Sql {
  switch (filter.op) {
    case 'and':
    case 'or':
      return anyOrAll(
        filter.op,
        filter.filters.map((inner) => conditionSql(inner, values)),
      )
    case 'not':
      return Prisma.sql`NOT ${conditionSql(filter.filter, values)}`
    case 'eq':
      return isIn(values.at(filter.path), [filter.value])
    case 'ne':
      return Prisma.sql`NOT ${isIn(values.at(filter.path), [filter.value])}`
    case 'in':
      return isIn(values.at(filter.path), filter.values)
    case 'notIn':
      return Prisma.sql`NOT ${isIn(values.at(filter.path), filter.values)}`
    case 'exists': {
      const { number, text } = values.at(filter.path)
      return Prisma.sql`(${number} IS NOT NULL OR ${text} IS NOT NULL)`
    }
    case 'regex': {
      const rewritten = toPostgresPattern(filter.pattern)
      // A pattern that cannot be said was refused when the filter came in.
      const pattern = 'pattern' in rewritten ? rewritten.pattern : '$.'
      return someText(values.at(filter.path), (text) => Prisma.sql`${text} ~ ${pattern}`)
    }
    case 'contains':
      return contains(values.at(filter.path), filter.text)
    default:
      return isOrdered(values.at(filter.path), filter.op, filter.value)
  }
}

function anyOrAll(op: 'and' | 'or', conditions: readonly Prisma.Sql[]): Prisma.Sql {
  if (conditions.length === 0) return op === 'and' ? Prisma.sql`true` : Prisma.sql`false`
  return Prisma.sql`(${Prisma.join([...conditions], op === 'and' ? ' AND ' : ' OR ')})`
}

const isNumber = (value: FilterValue): value is WireNumber =>
  typeof value === 'number' || (typeof value === 'object' && value !== null)

/** Infinities and NaN go as texts, which JSON's numbers cannot be. */
const numberText = (value: WireNumber): string => String(fromWireNumber(value))

const elements = (text: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`jsonb_array_elements(substr(${text}, 2)::jsonb) AS element`

/** From this many texts on it is no longer worth it to look for each in a list's JSON before it is parsed. */
const mostSoughtFirst = 8

function isIn({ number, text }: ValueSql, wanted: readonly FilterValue[]): Prisma.Sql {
  const numbers = wanted.filter(isNumber).map(numberText)
  const strings = wanted.filter((value) => typeof value === 'string')
  const texts = [
    ...strings.map((value) => `s${value}`),
    ...wanted.filter((value) => typeof value === 'boolean').map((value) => `b${value}`),
  ]
  const alternatives: Prisma.Sql[] = []
  if (wanted.includes(null)) alternatives.push(Prisma.sql`(${number} IS NULL AND coalesce(${text}, 'z') = 'z')`)
  if (numbers.length > 0) alternatives.push(Prisma.sql`coalesce(${number} = ANY(${numbers}::float8[]), false)`)
  if (texts.length > 0) alternatives.push(Prisma.sql`coalesce(${text} = ANY(${texts}::text[]), false)`)
  if (numbers.length + texts.length > 0) {
    const isWorthIt = numbers.length === 0 && strings.length === texts.length && strings.length <= mostSoughtFirst
    const sought = isWorthIt
      ? Prisma.sql`AND (${Prisma.join(
          strings.map((value) => Prisma.sql`strpos(${text}, ${JSON.stringify(value)}) > 0`),
          ' OR ',
        )})`
      : Prisma.empty
    alternatives.push(Prisma.sql`CASE WHEN left(${text}, 1) = 'l' ${sought} THEN EXISTS (SELECT FROM ${elements(text)}
      WHERE run_leaf_number(element) = ANY(${numbers}::float8[]) OR run_leaf_text(element) = ANY(${texts}::text[]))
      ELSE false END`)
  }
  return anyOrAll('or', alternatives)
}

/** Whether a text, or one of a list's, is as `matches` says; `sought` is true of every list that can have such a text. */
function someText(
  { text }: ValueSql,
  matches: (text: Prisma.Sql) => Prisma.Sql,
  sought: Prisma.Sql = Prisma.sql`true`,
): Prisma.Sql {
  return Prisma.sql`coalesce(CASE left(${text}, 1) WHEN 's' THEN ${matches(Prisma.sql`substr(${text}, 2)`)}
    WHEN 'l' THEN CASE WHEN ${sought} THEN EXISTS (SELECT FROM ${elements(text)}
      WHERE jsonb_typeof(element) = 'string' AND ${matches(Prisma.sql`(element #>> '{}')`)}) ELSE false END
    ELSE false END, false)`
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

function contains(value: ValueSql, sought: string): Prisma.Sql {
  const inJson = JSON.stringify(sought).slice(1, -1)
  // Only texts with other letters need those of Unicode made small, which takes several times as long.
  const letters = isAscii(sought) ? Prisma.sql`COLLATE "C"` : Prisma.empty
  return someText(
    value,
    (text) => Prisma.sql`strpos(lower(${text} ${letters}), lower(${sought}::text ${letters})) > 0`,
    Prisma.sql`strpos(lower(${value.text} ${letters}), lower(${inJson}::text ${letters})) > 0`,
  )
}

const operators = { lt: Prisma.sql`<`, lte: Prisma.sql`<=`, gt: Prisma.sql`>`, gte: Prisma.sql`>=` }

function isOrdered({ number, text }: ValueSql, op: keyof typeof operators, value: WireNumber | string): Prisma.Sql {
  const operator = operators[op]
  // PostgreSQL puts NaN above all numbers.
  if (isNumber(value))
    return Prisma.sql`coalesce(${number} ${operator} ${numberText(value)}::float8 AND ${number} <> 'NaN', false)`
  return Prisma.sql`coalesce(${text} COLLATE "C" ${operator} ${`s${value}`} AND left(${text}, 1) = 's', false)`
}
