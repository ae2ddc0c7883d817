import { sqlTables } from '@kiroku/core/sql'
import { isAllowedFunction, isAllowedTableFunction } from './allowed-functions.ts'
import type { AstNode } from './ast.ts'
import { refusal } from './refusal.ts'
import type { Token } from './tokens.ts'

/** What a query may be made of. A kind of node that ClickHouse adds is refused until it was looked at. */
const allowedNodes = new Set(
  `SelectWithUnionQuery SelectQuery SelectIntersectExceptQuery ExpressionList Subquery WithElement TablesInSelectQuery
   TablesInSelectQueryElement TableExpression TableIdentifier TableJoin ArrayJoin Function Identifier Literal Asterisk
   QualifiedAsterisk OrderByElement InterpolateElement WindowDefinition WindowListElement DataType NameTypePair ColumnsTransformerList
   ColumnsExceptTransformer EnumDataType TupleDataType`.split(/\s+/),
)
const explained: Readonly<Record<string, string>> = {
  Set: 'SETTINGS: the limits of a query are fixed; leave the clause out',
  ColumnsApplyTransformer: 'APPLY: name the columns and call the function on each',
  ColumnsReplaceTransformer: 'REPLACE: name the columns instead',
  ColumnsRegexpMatcher: 'COLUMNS(...): name the columns instead',
  QueryParameter: '{name:Type}: write the value itself',
  SampleRatio: 'SAMPLE: the tables cannot be sampled; use LIMIT',
}
const membership = new Set(['in', 'notin', 'nullin', 'notnullin'])
const tableNames: ReadonlySet<string> = new Set(sqlTables.map(({ name }) => name))
const plainName = /^[A-Za-z][A-Za-z0-9_]*$/

/**
 * Allows a query whose every table is one of `sqlTables`, a subquery or a name that its own WITH gives to one, and whose every function
 * is on the list. Throws `KirokuError` BAD_REQUEST that names what is refused, and where its text has it. `taken` are the names of tables
 * that are really there, which a WITH may not give to something else: out of its scope the name would be the table's.
 */
export function checkQuery(root: AstNode, tokens: readonly Token[], taken: ReadonlySet<string>): void {
  const names = namesOfWith(tokens)
  for (const [name, token] of names) {
    if (tableNames.has(name)) throw refusal(`${name} is the name of a table: choose another one`, token)
    if (taken.has(name) || !plainName.test(name))
      throw refusal(`${name} cannot be used as a name behind WITH: choose another one`, token)
  }
  const isReadable = (name: string): boolean => tableNames.has(name) || names.has(name)
  visit(root, tokens, isReadable)
}

function visit(node: AstNode, tokens: readonly Token[], isReadable: (name: string) => boolean): void {
  const place = (word: string): Token | undefined => tokens.find(({ value }) => value === word)
  for (const child of node.children) {
    const { type, name } = child
    if (!allowedNodes.has(type)) {
      const what = explained[type] ?? `this part of a query is not supported (${type})`
      throw refusal(what, place(what.split(/[ :(]/)[0] ?? ''))
    }
    if (type === 'TableIdentifier' && !isReadable(name)) throw unknownTable(name, tokens)
    if (type === 'Function') checkFunction(child, node.type === 'TableExpression', tokens, isReadable)
    visit(child, tokens, isReadable)
  }
}

function checkFunction(
  { name, children }: AstNode,
  isTable: boolean,
  tokens: readonly Token[],
  isReadable: (name: string) => boolean,
): void {
  const token = tokens.find(({ value }) => value.toLowerCase() === name.toLowerCase())
  if (isTable && !isAllowedTableFunction(name))
    throw refusal(`${name}(...) cannot be read from: the tables are ${[...tableNames].join(', ')}`, token)
  if (!isTable && !isAllowedFunction(name))
    throw refusal(`${name} is not among the functions that a query may use`, token)
  // `x IN name` reads a table of that name.
  const right = membership.has(name.toLowerCase()) ? children[0]?.children[1] : undefined
  if (right?.type === 'Identifier' && !isReadable(right.name))
    throw refusal(
      `IN ${right.name}: a list or a subquery must follow IN; of an array use has(${right.name}, value)`,
      tokens.find(({ value }) => value === right.name.split('.')[0]),
    )
}

function unknownTable(name: string, tokens: readonly Token[]): Error {
  const first = tokens.find(({ value }) => value === name.split('.')[0])
  return refusal(`there is no table ${name}: the tables are ${[...tableNames].join(', ')}`, first)
}

/**
 * What only the text shows: that it is a SELECT; the tree does not tell a function's quotes, nor that a table was named by its UUID. Throws
 * as `checkQuery` does.
 */
export function checkTokens(tokens: readonly Token[]): void {
  const [first] = tokens.filter(({ value, kind }) => kind !== 'operator' || value !== '(')
  if (first?.kind !== 'word' || !/^(select|with)$/i.test(first.value))
    throw refusal('a query is one SELECT, which a WITH may go before', first)
  tokens.forEach((token, index) => {
    const next = tokens[index + 1]
    if (token.kind === 'name' && next?.kind === 'operator' && next.value === '(')
      throw refusal(`a function is called without quotes: ${token.value}(...)`, token)
    if (token.kind === 'word' && /^uuid$/i.test(token.value) && next?.kind === 'string')
      throw refusal('a UUID is written as a string in quotes, without the word before it', token)
  })
}

/** The names that stand before `AS (SELECT` or `AS (WITH`, each with its token. */
function namesOfWith(tokens: readonly Token[]): Map<string, Token> {
  const names = new Map<string, Token>()
  tokens.forEach((token, index) => {
    if (token.kind !== 'word' && token.kind !== 'name') return
    let next = index + 1
    if (isOperator(tokens[next], '(')) {
      while (next < tokens.length && !isOperator(tokens[next], ')')) next++
      next++
    }
    if (!isWord(tokens[next], /^as$/i)) return
    next++
    if (isWord(tokens[next], /^materialized$/i)) next++
    while (isOperator(tokens[next], '(')) {
      next++
      if (isWord(tokens[next], /^(select|with)$/i)) names.set(token.value, token)
    }
  })
  return names
}

const isOperator = (token: Token | undefined, value: string): boolean =>
  token?.kind === 'operator' && token.value === value
const isWord = (token: Token | undefined, pattern: RegExp): boolean =>
  token?.kind === 'word' && pattern.test(token.value)
