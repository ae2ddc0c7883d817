import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { type Order, orderSchema, parseLine } from './sidecar/protocol.ts'

const yes = /^(y|yes|t|true|on|1)$/i
const no = /^(n|no|f|false|off|0|)$/i

const flag = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined || no.test(text)) return false
    if (yes.test(text)) return true
    context.addIssue({ code: 'custom', message: `\`${text}\` is neither yes nor no` })
    return z.NEVER
  })

const text = z
  .string()
  .optional()
  .transform((value) => (value === undefined || value === '' ? undefined : value))

const seconds = (fallback: number, min: number) =>
  z
    .string()
    .optional()
    .transform((value) => (value === undefined || value === '' ? fallback : Number(value)))
    .pipe(z.number('expected a number of seconds').min(min))

const envSchema = z.object({
  KIROKU_URL: text,
  KIROKU_API_KEY: text,
  KIROKU_PROJECT: text,
  KIROKU_RUN_ID: text,
  KIROKU_NAME: text,
  KIROKU_GROUP: text,
  KIROKU_JOB_TYPE: text,
  KIROKU_NOTES: text,
  KIROKU_TAGS: text,
  KIROKU_MODE: z.preprocess(
    (mode) => (mode === '' ? undefined : mode),
    z.enum(['online', 'offline', 'disabled']).optional(),
  ),
  KIROKU_DIR: text,
  KIROKU_QUIET: flag,
  KIROKU_SILENT: flag,
  KIROKU_DISABLE_CODE: flag,
  WANDB_DISABLE_CODE: flag,
  KIROKU_DISABLE_STATS: flag,
  KIROKU_STATS_SAMPLE_SECONDS: seconds(2, 0.1),
  KIROKU_STATS_WINDOW_SECONDS: seconds(15, 0.1),
  KIROKU_FINISH_TIMEOUT: seconds(30, 0),
  KIROKU_LINGER_SECONDS: seconds(3600, 0),
  KIROKU_CONFIG_DIR: text,
  XDG_CONFIG_HOME: text,
})

/** The environment as `init()` reads it; what is empty counts as not set. Times are in seconds. */
export type SdkEnv = z.infer<typeof envSchema>

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

/**
 * The environment of the sidecar: the script's, without what would change how Node itself runs, and with the orders that it
 * begins with. Others than its user cannot read it, as they could its arguments.
 */
export function sidecarEnvironment(orders: readonly Order[]): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_CHANNEL_FD: _channel, ...environment } = process.env
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
