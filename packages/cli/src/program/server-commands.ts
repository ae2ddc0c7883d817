import { parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import { InvalidArgumentError } from 'commander'
import * as z from 'zod'
import { doctor } from '../doctor.ts'
import { up } from '../up.ts'
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
const verifyOptionsSchema = urlOptionSchema.extend({ project: z.string() })

/** up, doctor, verify. */
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
}
