import { KirokuError } from '@kiroku/core/errors'

/**
 * A node of what `EXPLAIN AST` shows: its type, its name where it has one (of a function, an identifier, a table; the
 * value of a literal), the alias that it is given, or an empty text, and its children.
 */
export type AstNode = { type: string; name: string; alias: string; children: AstNode[] }

const line = /^( *)([^ ]+)(?: (.*))?$/
const behindName = /(?: \(alias (.*?)\))?(?: \(children \d+\))?$/

/**
 * Reads the lines of `EXPLAIN AST`, one a node, whose indentation is its depth. Throws INTERNAL when a line is none: nothing of a tree
 * that is not understood may be run.
 */
export function readAst(lines: readonly string[]): AstNode {
  const root: AstNode = { type: 'root', name: '', alias: '', children: [] }
  const path = [root]
  for (const text of lines) {
    const [, indent, type, rest = ''] = line.exec(text) ?? []
    const parent = indent === undefined ? undefined : path[indent.length]
    if (indent === undefined || type === undefined || parent === undefined)
      throw new KirokuError({ code: 'INTERNAL', message: 'ClickHouse described a query in an unknown way' })
    const alias = behindName.exec(rest)?.[1] ?? ''
    // Without a name, what is behind it comes at once.
    const name = rest.startsWith('(') ? '' : rest.replace(behindName, '')
    const node: AstNode = { type, name, alias, children: [] }
    parent.children.push(node)
    path.length = indent.length + 1
    path.push(node)
  }
  return root
}

/** A node and all below it, each before its children. */
export function* everyNode(node: AstNode): Iterable<AstNode> {
  yield node
  for (const child of node.children) yield* everyNode(child)
}
