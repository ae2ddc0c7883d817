import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { pathPrefixSchema } from './http/path-prefix.ts'

const milliseconds = z.coerce.number().int().positive()

const variablesSchema = z.object({
  /** A PostgreSQL to use in place of the embedded one. */
  DATABASE_URL: z.string().min(1).optional(),
  /** A ClickHouse server to use in place of the embedded engine. */
  CLICKHOUSE_URL: z.string().min(1).optional(),
  /** The cluster, by its name in that server's `remote_servers`, that points are spread over. */
  CLICKHOUSE_CLUSTER: z
    .string()
    .regex(/^[\w.-]{1,128}$/, 'expected the name of a cluster: letters, digits, _, . and -')
    .optional(),
  /** Where the contents of files are kept, in place of the data directory: several servers name the same. */
  KIROKU_FILES_DIR: z.string().min(1).optional(),
  KIROKU_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Whether a browser on this machine is signed in as the owner: `auto` is when PostgreSQL is embedded. */
  KIROKU_LOCAL_SIGN_IN: z.enum(['auto', 'on', 'off']).default('auto'),
  /** The path that a proxy has Kiroku below, and leaves in the addresses that it asks for. */
  KIROKU_PATH_PREFIX: pathPrefixSchema.optional(),
  /** Where browsers find the dashboard, when scripts find Kiroku below a path. */
  KIROKU_DASHBOARD_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  /** How long a running run may be silent before it counts as crashed. */
  KIROKU_CRASH_AFTER_MS: milliseconds.default(300_000),
})

const environmentSchema = variablesSchema.refine(
  ({ CLICKHOUSE_CLUSTER, CLICKHOUSE_URL }) => CLICKHOUSE_CLUSTER === undefined || CLICKHOUSE_URL !== undefined,
  { path: ['CLICKHOUSE_CLUSTER'], message: 'it needs CLICKHOUSE_URL, the address of a server of the cluster' },
)

/** The environment that the server reads, each value parsed. */
export type Environment = z.infer<typeof environmentSchema>

/** Parses the environment; empty variables count as unset. Throws BAD_REQUEST that names the wrong variable. */
export function readEnvironment(source: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  const result = environmentSchema.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `the environment variable ${issue?.path.join('.')} is wrong: ${issue?.message}`,
  })
}
