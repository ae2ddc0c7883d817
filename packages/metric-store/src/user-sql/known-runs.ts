import { type AstNode, everyNode } from './ast.ts'
import type { Token } from './tokens.ts'

/** Words that make a condition on the rows of a table something else than a condition on its reading. */
const hindering = /^(qualify|any|asof|semi|anti|paste)$/i

/**
 * The runs that a query can see points (texts, lines) of at most, by their slugs, where each of its SELECTs from `table` has `run = '...'`
 * or `run IN (...)` among the conditions of its WHERE; undefined where one has not. The table's sort key can be used then.
 */
export function findKnownRuns(root: AstNode, tokens: readonly Token[], table: string): string[] | undefined {
  if (tokens.some(({ kind, value }) => kind === 'word' && hindering.test(value))) return undefined
  const all = [...everyNode(root)]
  // Another thing by the name of the column could be what a condition is about.
  if (all.some(({ alias, type, name }) => alias === 'run' && !(type === 'Identifier' && /(^|\.)run$/.test(name))))
    return undefined
  const known = new Set<string>()
  let covered = 0
  for (const select of all.filter(({ type }) => type === 'SelectQuery')) {
    const runs = runsOf(select, table)
    if (runs === undefined) continue
    covered++
    for (const run of runs) known.add(run)
  }
  const read = all.filter(({ type, name }) => (type === 'TableIdentifier' || type === 'Identifier') && name === table)
  return read.length === covered ? [...known] : undefined
}

/** The runs that one SELECT asks for; undefined when it does not read the table, reads it twice, or has no such condition. */
function runsOf(select: AstNode, table: string): string[] | undefined {
  const at = select.children.findIndex(({ type }) => type === 'TablesInSelectQuery')
  const elements = select.children[at]?.children ?? []
  const sources = elements.flatMap(({ children }) => children.filter(({ type }) => type === 'TableExpression'))
  const own = sources
    .flatMap(({ children }) => children)
    .filter(({ name, type }) => type === 'TableIdentifier' && name === table)
  const [source] = own
  if (source === undefined || own.length !== 1) return undefined
  const column = elements.length === 1 ? ['run'] : []
  const names = new Set([...column, `${source.alias || table}.run`])
  for (const condition of select.children.slice(at + 1).flatMap(conjuncts)) {
    const runs = literalsOf(condition, names)
    if (runs !== undefined) return runs
  }
  return undefined
}

/** The conditions that must all hold for an expression to. */
function conjuncts(node: AstNode): AstNode[] {
  if (node.type !== 'Function') return []
  return node.name === 'and' ? argumentsOf(node).flatMap(conjuncts) : [node]
}

const argumentsOf = ({ children }: AstNode): AstNode[] => children[0]?.children ?? []
const slug = /^'([A-Za-z0-9._-]+)'$/
const list = /^(?:Tuple|Array)_[([](.*)[)\]]$/

function literalsOf(condition: AstNode, names: ReadonlySet<string>): string[] | undefined {
  const [left, right] = argumentsOf(condition)
  const isMeant = left?.type === 'Identifier' && names.has(left.name) && right?.type === 'Literal'
  if (!isMeant || (condition.name !== 'equals' && condition.name !== 'in')) return undefined
  const written = condition.name === 'in' ? (list.exec(right.name)?.[1] ?? right.name) : right.name
  const runs = written.split(', ').map((text) => slug.exec(text)?.[1])
  return runs.every((run) => run !== undefined) ? runs : undefined
}
