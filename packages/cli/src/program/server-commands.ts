import { parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import { usageOrderSchema } from '@kiroku/core/usage'
import { InvalidArgumentError, Option } from 'commander'
import * as z from 'zod'
import { doctor } from '../doctor.ts'
import { up } from '../up.ts'
import { usage } from '../usage.ts'
import { verify } from '../verify/verify.ts'
import { type Context, groups, urlFlag, urlOptionSchema } from './context.ts'

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('a port is a whole number from 0 (a free one) to 65535.')
}

const defaultPort = 8080

const upOptionsSchema = z.object({
  port: z.number(),
  host: z.string(),
  data: z.string().optional(),
  json: z.boolean().default(false),
})
const doctorOptionsSchema = urlOptionSchema.extend({ data: z.string().optional(), port: z.number() })
const usageOptionsSchema = urlOptionSchema.extend({
  sort: usageOrderSchema,
  limit: z.number(),
  json: z.boolean().default(false),
})
const verifyOptionsSchema = urlOptionSchema.extend({ project: z.string() })

/** up, doctor, verify, usage. */
export function addServerCommands({ program, terminal, action }: Context): void {
  program
    .command('up')
    .helpGroup(groups.server)
    .description('start the server and the dashboard; Ctrl-C stops them')
    .option('--port <n>', 'port to listen on; 0 takes a free one', parsePort, defaultPort)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <dir>', 'data directory (default: $KIROKU_DATA_DIR, else ~/.local/share/kiroku)')
    .option('--json', 'print one line {"url","apiKey","dataDir"} once it answers, and nothing else')
    .action(async (given: unknown) => {
      const { json, ...options } = upOptionsSchema.parse(given)
      await up(terminal, action().environment, { ...options, isJson: json })
    })
  program
    .command('doctor')
    .helpGroup(groups.server)
    .description('check what Kiroku needs on this machine and say what to do about what is missing')
    .option('--data <dir>', 'data directory to check')
    .option('--port <n>', 'port to check', parsePort, defaultPort)
    .option('--url <url>', 'server to check')
    .action(async (given: unknown) => {
      const isWell = await doctor(terminal, action().environment, doctorOptionsSchema.parse(given))
      if (!isWell) process.exitCode = 1
    })
  program
    .command('verify')
    .helpGroup(groups.server)
    .description('check a server from outside: log to it, read back, and remove the test run again')
    .option('--project <name>', 'where the test run goes', 'kiroku-verify')
    .option(...urlFlag)
    .action(async (given: unknown) => {
      const { url, project } = verifyOptionsSchema.parse(given)
      const options = { url, project: parseInput(projectNameSchema, project, 'project') }
      if (!(await verify(terminal, action().environment, options))) process.exitCode = 1
    })
  program
    .command('usage')
    .helpGroup(groups.server)
    .description('show what takes how much room, the largest first')
    .argument(
      '[place]',
      'an organization, for its projects, or organization/project, for its runs (default: the key’s)',
    )
    .addOption(new Option('--sort <what>', 'what to sort by').choices(usageOrderSchema.options).default('bytes'))
    .option('--limit <n>', 'rows at most', parseLimit, 20)
    .option('--json', 'print all figures as JSON, bytes in full')
    .option(...urlFlag)
    .action(async (place: unknown, given: unknown) => {
      const { json, ...options } = usageOptionsSchema.parse(given)
      const asked = { ...options, place: z.string().optional().parse(place), isJson: json }
      await usage(terminal, action().environment, asked)
    })
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 1000) return limit
  throw new InvalidArgumentError('it is a whole number from 1 to 1000.')
}
