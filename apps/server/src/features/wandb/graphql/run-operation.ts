import { KirokuError } from '@kiroku/core/errors'
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  parse,
} from 'graphql'
import * as z from 'zod'
import { toKirokuError } from '../../../http/errors.ts'
import type { WandbContext } from './context.ts'

/** What a client posts. An empty or missing name means the only operation of the document. */
export const operationRequestSchema = z.object({
  query: z.string().min(1, 'expected a GraphQL document'),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})
export type OperationRequest = z.infer<typeof operationRequestSchema>

/** The most tokens of a document, which keeps parsing short. The largest of a real client has some thousand. */
const maxTokens = 20_000

/**
 * Executes a document. Newer clients may ask for fields that Kiroku does not have: these are absent, which clients are made for.
 * An operation that it does not have is an error. Errors that a repetition can mend (429, 503) and those of who asks are
 * thrown; all others are in the result, as the protocol has it.
 */
export async function runOperation(
  schema: GraphQLSchema,
  { query, variables, operationName }: OperationRequest,
  context: WandbContext,
): Promise<ExecutionResult> {
  const document = parseDocument(query)
  if (document instanceof GraphQLError) return { errors: [document] }
  const unknown = unknownOperation(schema, document, operationName)
  if (unknown) {
    context.log.warn({ operation: operationName, fields: unknown.extensions['fields'] }, 'unknown wandb operation')
    return { errors: [unknown] }
  }
  const result = await execute({
    schema,
    document,
    contextValue: context,
    variableValues: variables ?? {},
    operationName: operationName || null,
  })
  if (!result.errors) return result
  const errors = result.errors.map((error) => ({ error, cause: causeOf(error) }))
  for (const { error, cause } of errors)
    if (cause.code === 'INTERNAL')
      context.log.error({ err: cause.cause ?? cause, path: error.path }, 'wandb operation failed')
    else
      context.log.warn({ operation: operationName, path: error.path, reason: cause.message }, 'wandb operation refused')
  const thrown = errors.find(({ cause }) => thrownCodes.has(cause.code))
  if (thrown) throw thrown.cause
  return { data: result.data ?? null, errors: errors.map(({ error, cause }) => named(error, cause)) }
}

/** Told by the HTTP status. A missing run or project is one of them, for clients give up at once then. */
const thrownCodes = new Set(['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND', 'TOO_MANY_REQUESTS', 'UNAVAILABLE'])

/** What a resolver threw; an error of GraphQL itself, as about variables, is the caller's. */
function causeOf(error: GraphQLError): KirokuError {
  const { originalError } = error
  if (originalError instanceof GraphQLError) return causeOf(originalError)
  return originalError ? toKirokuError(originalError) : new KirokuError({ code: 'BAD_REQUEST', message: error.message })
}

function named(error: GraphQLError, { code, message }: KirokuError): GraphQLError {
  return new GraphQLError(code === 'INTERNAL' ? 'the server failed; its log has the cause' : message, {
    path: error.path,
    extensions: { code },
  })
}

function parseDocument(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens, noLocation: true })
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}

/** An error when a root field is not in the schema: executing would pass over it, and the client would take that for done. */
function unknownOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
): GraphQLError | undefined {
  const operation = getOperationAST(document, operationName || null)
  if (!operation) return undefined
  const known = schema.getRootType(operation.operation)?.getFields() ?? {}
  const fields = operation.selectionSet.selections.flatMap((selection) =>
    selection.kind === Kind.FIELD ? [selection.name.value] : [],
  )
  const missing = fields.filter((name) => known[name] === undefined && !name.startsWith('__'))
  if (missing.length === 0) return undefined
  return new GraphQLError(`Kiroku does not support ${missing.join(', ')} of the wandb protocol`, {
    extensions: { code: 'BAD_REQUEST', fields: missing },
  })
}
