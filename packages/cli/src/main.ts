import { readFileSync } from 'node:fs'
import { parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import { Command, InvalidArgumentError } from 'commander'
import * as z from 'zod'
import { doctor } from './doctor.ts'
import { type Environment, readEnvironment } from './env.ts'
import { reportFailure } from './failures.ts'
import { login } from './login.ts'
import { connect } from './server-access.ts'
import { processTerminal, type Terminal } from './terminal.ts'
import { importTrainerStates } from './trainer-state/import-trainer-state.ts'
import { up } from './up.ts'

/** Runs the command line and ends the process: 0 when all went well, 1 when not, after one line on standard error. */
export async function main(argv: readonly string[]): Promise<void> {
  const terminal = processTerminal()
  try {
    process.exitCode = 0
    await buildProgram(terminal).parseAsync(argv)
  } catch (error) {
    terminal.progress('')
    reportFailure(terminal, error, { isVerbose: argv.includes('--verbose') })
    process.exitCode = 1
  }
  // The engines may leave handles of their own open; what had to be closed is closed by now.
  process.exit()
}

type Action = { environment: Environment; isVerbose: boolean }

/** The whole command line. Wrong arguments end the process with one line and status 1. */
export function buildProgram(terminal: Terminal): Command {
  const program = new Command('kiroku')
    .description('Experiment tracking that a team runs itself.')
    .version(ownVersion(), '--version', 'print the version')
    .option('--verbose', 'show the stack of an error')
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      outputError: (text, write) =>
        write(text.replace(/^error: /, 'kiroku: ').replace(/\.?\n$/, '; kiroku --help tells more\n')),
    })
  const action = (): Action => ({ environment: readEnvironment(), isVerbose: program.opts()['verbose'] === true })
  addUp(program, terminal, action)
  addLogin(program, terminal, action)
  addImport(program, terminal, action)
  addDoctor(program, terminal, action)
  return program
}

const ownVersion = (): string =>
  z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')))
    .version

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

function addUp(program: Command, terminal: Terminal, action: () => Action): void {
  program
    .command('up')
    .description('start the server and the dashboard; Ctrl-C stops them')
    .option('--port <n>', 'port to listen on; 0 takes a free one', parsePort, defaultPort)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <dir>', 'data directory (default: $KIROKU_DATA_DIR, else ~/.local/share/kiroku)')
    .option('--json', 'print one line {"url","apiKey","dataDir"} once it answers, and nothing else')
    .action(async (given: unknown) => {
      const { json, ...options } = upOptionsSchema.parse(given)
      await up(terminal, action().environment, { ...options, isJson: json })
    })
}

const urlOptionSchema = z.object({ url: z.string().optional() })

function addLogin(program: Command, terminal: Terminal, action: () => Action): void {
  program
    .command('login')
    .description('keep the API key of a server for the SDK and the other commands')
    .argument('[key]', 'the key; asked for when left out')
    .option('--url <url>', 'the server (default: $KIROKU_URL, else the last one)')
    .action(async (key: unknown, given: unknown) => {
      const { url } = urlOptionSchema.parse(given)
      await login(terminal, action().environment, { url, key: z.string().optional().parse(key) })
    })
}

const importOptionsSchema = urlOptionSchema.extend({ project: z.string().optional() })

function addImport(program: Command, terminal: Terminal, action: () => Action): void {
  program
    .command('import')
    .description('bring in runs that something else logged')
    .command('trainer-state')
    .description('import trainer_state.json files of Hugging Face Trainer, plain or gzipped: a run per file')
    .argument('<files...>')
    .option('--project <name>', 'the project (default: $KIROKU_PROJECT, else uncategorized)')
    .option('--url <url>', 'the server (default: $KIROKU_URL, else the last one)')
    .action(async (files: unknown, given: unknown) => {
      const { environment, isVerbose } = action()
      const options = importOptionsSchema.parse(given)
      const asked = options.project ?? environment.KIROKU_PROJECT ?? 'uncategorized'
      const project = parseInput(projectNameSchema, asked, 'project')
      const client = connect(options.url, environment)
      const names = z.array(z.string()).parse(files)
      if ((await importTrainerStates(terminal, client, { files: names, project, isVerbose })) > 0) process.exitCode = 1
    })
}

const doctorOptionsSchema = urlOptionSchema.extend({ data: z.string().optional(), port: z.number() })

function addDoctor(program: Command, terminal: Terminal, action: () => Action): void {
  program
    .command('doctor')
    .description('check what Kiroku needs and say what to do about what is missing')
    .option('--data <dir>', 'data directory to check')
    .option('--port <n>', 'port to check', parsePort, defaultPort)
    .option('--url <url>', 'server to check')
    .action(async (given: unknown) => {
      const isWell = await doctor(terminal, action().environment, doctorOptionsSchema.parse(given))
      if (!isWell) process.exitCode = 1
    })
}
