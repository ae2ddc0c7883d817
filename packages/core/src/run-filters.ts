import * as z from 'zod'
import { type RunPath, runPathSchema } from './run-paths.ts'
import { toPostgresPattern } from './run-patterns.ts'
import { isStorableText, type WireNumber, wireNumberSchema } from './values.ts'

/** A value that runs' values are compared with. Null stands for nothing: it equals what is null and what is missing. */
export type FilterValue = WireNumber | string | boolean | null

/**
 * Which runs are meant.
 *
 * Numbers are compared with numbers and texts with texts, by code points; what is of another kind does not match. `eq` and
 * `in` of a list ask whether it contains the value, `regex` and `contains` whether one of its texts matches. `ne` and `notIn`
 * are the opposites of `eq` and `in`: they match what is missing. NaN equals NaN and is in no order. `regex` is found anywhere in
 * a text and has the syntax of RE2, but for what `toPostgresPattern` refuses; `contains` goes without regard to case. `exists` is of all that is there, null too.
 */
export type RunFilter =
  | { op: 'and' | 'or'; filters: RunFilter[] }
  | { op: 'not'; filter: RunFilter }
  | { op: 'eq' | 'ne'; path: RunPath; value: FilterValue }
  | { op: 'in' | 'notIn'; path: RunPath; values: FilterValue[] }
  | { op: 'lt' | 'lte' | 'gt' | 'gte'; path: RunPath; value: WireNumber | string }
  | { op: 'exists'; path: RunPath }
  | { op: 'regex'; path: RunPath; pattern: string }
  | { op: 'contains'; path: RunPath; text: string }

/** The most conditions (`and`, `or` and `not` count too), how deep they nest, and the most values of all lists. */
export const maxFilterConditions = 200
export const maxFilterDepth = 16
export const maxFilterValues = 2000
/** The longest text that runs' values are compared with, and the longest pattern, in characters. */
export const maxFilterText = 4096
export const maxFilterPattern = 512

const storable = 'expected well-formed text without NUL'
const textSchema = z.string().max(maxFilterText).refine(isStorableText, storable)
const valueSchema = z.union([wireNumberSchema, textSchema, z.boolean(), z.null()], {
  error: 'expected a number, a text, true, false or null',
})
const orderedSchema = z
  .union([wireNumberSchema, textSchema], { error: 'expected a number or a text' })
  .refine((value) => typeof value !== 'object' || value.$n !== 'NaN', 'NaN is in no order: use eq or ne')

const patternSchema = z
  .string()
  .max(maxFilterPattern)
  .refine(isStorableText, storable)
  .superRefine((pattern, context) => {
    const rewritten = toPostgresPattern(pattern)
    if ('fault' in rewritten) context.addIssue({ code: 'custom', message: `as a pattern: ${rewritten.fault}` })
  })

const treeSchema: z.ZodType<RunFilter, RunFilter> = z.lazy(() =>
  z.discriminatedUnion('op', [
    z.object({ op: z.literal(['and', 'or']), filters: z.array(treeSchema) }),
    z.object({ op: z.literal('not'), filter: treeSchema }),
    z.object({ op: z.literal(['eq', 'ne']), path: runPathSchema, value: valueSchema }),
    z.object({ op: z.literal(['in', 'notIn']), path: runPathSchema, values: z.array(valueSchema) }),
    z.object({ op: z.literal(['lt', 'lte', 'gt', 'gte']), path: runPathSchema, value: orderedSchema }),
    z.object({ op: z.literal('exists'), path: runPathSchema }),
    z.object({
      op: z.literal('regex'),
      path: runPathSchema,
      pattern: patternSchema,
    }),
    z.object({ op: z.literal('contains'), path: runPathSchema, text: textSchema.min(1) }),
  ]),
)

/** What is wrong with the size of a tree that nobody looked into yet; undefined for nothing. */
function sizeFault(root: unknown): string | undefined {
  let conditions = 0
  let values = 0
  const waiting: { node: unknown; depth: number }[] = [{ node: root, depth: 1 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth } = next
    if (depth > maxFilterDepth) return `conditions nest at most ${maxFilterDepth} deep`
    if (++conditions > maxFilterConditions) return `a filter has at most ${maxFilterConditions} conditions`
    if (node === null || typeof node !== 'object') continue
    if ('filters' in node && Array.isArray(node.filters)) {
      if (node.filters.length > maxFilterConditions) return `a filter has at most ${maxFilterConditions} conditions`
      waiting.push(...node.filters.map((inner: unknown) => ({ node: inner, depth: depth + 1 })))
    }
    if ('filter' in node) waiting.push({ node: node.filter, depth: depth + 1 })
    if ('values' in node && Array.isArray(node.values)) values += node.values.length
    if (values > maxFilterValues) return `the lists of a filter have at most ${maxFilterValues} values`
  }
  return undefined
}

/** A filter as it comes from outside: its size is looked at before anything else. */
export const runFilterSchema = z
  .custom<RunFilter>()
  .superRefine((value: unknown, context) => {
    const fault = sizeFault(value)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault, continue: false })
  })
  .pipe(treeSchema)

/** What runs are sorted by. What is null or missing comes last either way, NaN before it. */
export type RunOrder = { path: RunPath; direction: 'asc' | 'desc' }

/** The most paths that runs are sorted by at once, and how many characters of a text decide. */
export const maxOrderPaths = 4
export const maxSortedText = 256

/**
 * What runs are sorted by, first things first; equal ones come newest first. Rising, numbers come
 * before false, true, lists (by their JSON) and texts; falling, numbers still come first. Texts go by code points of their
 * first `maxSortedText` characters.
 */
export const runOrderSchema = z
  .array(z.object({ path: runPathSchema, direction: z.enum(['asc', 'desc']).default('asc') }))
  .max(maxOrderPaths, `runs are sorted by at most ${maxOrderPaths} paths`)

/** All paths of a filter, each once. */
export function pathsOfFilter(filter: RunFilter): RunPath[] {
  switch (filter.op) {
    case 'and':
    case 'or':
      return [...new Set(filter.filters.flatMap(pathsOfFilter))]
    case 'not':
      return pathsOfFilter(filter.filter)
    default:
      return [filter.path]
  }
}
