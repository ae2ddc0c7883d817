import { type AstNode, everyNode } from './ast.ts'
import type { Token } from './tokens.ts'

/** Words that make a condition on the rows of a table something else than a condition on its reading. */
const hindering = /^(qualify|any|asof|semi|anti|paste)$/i

/** A column of a table by which its rows are sorted. */
type Sorted = { table: string; column: 'run' | 'metric' }

/**
 * The values of a column that a query can see at most, where each of its SELECTs from the table has `column = '...'` or `column IN (...)`
 * among the conditions of its WHERE; undefined where one has not.
 */
export function findKnownValues(root: AstNode, tokens: readonly Token[], sorted: Sorted): string[] | undefined {
  if (tokens.some(({ kind, value }) => kind === 'word' && hindering.test(value))) return undefined
  const all = [...everyNode(root)]
  const { table, column } = sorted
  const isColumn = ({ type, name }: AstNode): boolean => type === 'Identifier' && name.split('.').at(-1) === column
  // Another thing by the name of the column could be what a condition is about.
  if (all.some((node) => node.alias === column && !isColumn(node))) return undefined
  const known = new Set<string>()
  let covered = 0
  for (const select of all.filter(({ type }) => type === 'SelectQuery')) {
    const values = valuesOf(select, sorted)
    if (values === undefined) continue
    covered++
    for (const value of values) known.add(value)
  }
  const read = all.filter(({ type, name }) => (type === 'TableIdentifier' || type === 'Identifier') && name === table)
  return read.length === covered ? [...known] : undefined
}

/** The values that one SELECT asks for; undefined when it does not read the table, reads it twice, or has no such condition. */
function valuesOf(select: AstNode, { table, column }: Sorted): string[] | undefined {
  const at = select.children.findIndex(({ type }) => type === 'TablesInSelectQuery')
  const elements = select.children[at]?.children ?? []
  const sources = elements.flatMap(({ children }) => children.filter(({ type }) => type === 'TableExpression'))
  const own = sources
    .flatMap(({ children }) => children)
    .filter(({ name, type }) => type === 'TableIdentifier' && name === table)
  const [source] = own
  if (source === undefined || own.length !== 1) return undefined
  const alone = elements.length === 1 ? [column] : []
  const names = new Set([...alone, `${source.alias || table}.${column}`])
  for (const condition of select.children.slice(at + 1).flatMap(conjuncts)) {
    const values = literalsOf(condition, names)
    if (values !== undefined) return values
  }
  return undefined
}

/** The conditions that must all hold for an expression to. */
function conjuncts(node: AstNode): AstNode[] {
  if (node.type !== 'Function') return []
  return node.name === 'and' ? argumentsOf(node).flatMap(conjuncts) : [node]
}

const argumentsOf = ({ children }: AstNode): AstNode[] => children[0]?.children ?? []
/** A text without anything that would have to be escaped. */
const plainText = /^'([^'\\]*)'$/
const list = /^(?:Tuple|Array)_[([](.*)[)\]]$/

function literalsOf(condition: AstNode, names: ReadonlySet<string>): string[] | undefined {
  const [left, right] = argumentsOf(condition)
  const isMeant = left?.type === 'Identifier' && names.has(left.name) && right?.type === 'Literal'
  if (!isMeant || (condition.name !== 'equals' && condition.name !== 'in')) return undefined
  const written = condition.name === 'in' ? (list.exec(right.name)?.[1] ?? right.name) : right.name
  const values = written.split(', ').map((text) => plainText.exec(text)?.[1])
  return values.every((value) => value !== undefined) ? values : undefined
}
