import { resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { envSchema, type SdkEnv } from './env-schema.ts'
import { type Order, orderSchema, parseLine } from './sidecar/protocol.ts'

/** Reads the environment. Throws `KirokuError` BAD_REQUEST that names each variable that makes no sense. */
export function sdkEnv(): SdkEnv {
  const parsed = envSchema.safeParse(process.env)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `environment: ${issue?.path.join('.')}: ${issue?.message}`,
  })
}

/** Variables that name a file or directory, which the sidecar reads from another working directory. */
const pathVariables = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'KIROKU_CONFIG_DIR',
  'XDG_CONFIG_HOME',
] as const

/**
 * The environment of the sidecar: the script's, without what would change how Node itself runs, its paths absolute, and with the
 * orders that it begins with. Others than its user cannot read it, as they could its arguments.
 */
export function sidecarEnvironment(orders: readonly Order[]): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_CHANNEL_FD: _channel, ...environment } = process.env
  for (const name of pathVariables) if (environment[name]) environment[name] = resolve(environment[name])
  return { ...environment, KIROKU_SIDECAR_ORDERS: JSON.stringify(orders) }
}

/** The orders that a sidecar was started with. */
export function firstOrders(): Order[] {
  const parsed = parseLine(z.array(orderSchema), process.env['KIROKU_SIDECAR_ORDERS'] ?? '[]')
  return parsed ?? []
}

/** The environment of git: nothing that would point it at another repository, and no locks for the sake of a look. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const { GIT_DIR: _directory, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...environment } = process.env
  return { ...environment, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' }
}
