import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import * as z from 'zod'
import { readEnvironment } from './env.ts'
import { reportFailure } from './failures.ts'
import { addBackupCommands } from './program/backup-commands.ts'
import { addMovingCommands } from './program/moving-commands.ts'
import { addRunCommands } from './program/run-commands.ts'
import { addServerCommands } from './program/server-commands.ts'
import { addSettingsCommands } from './program/settings-commands.ts'
import { addSqlCommand } from './program/sql-command.ts'
import { processTerminal, type Terminal } from './terminal.ts'

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

/** The whole command line. Wrong arguments end the process with one line and status 1. */
export function buildProgram(terminal: Terminal): Command {
  const program = new Command('kiroku')
    .description('Experiment tracking that a team runs itself.')
    .version(ownVersion(), '--version', 'print the version')
    .option('--verbose', 'show the stack of an error')
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      outputError: (text, write) =>
        write(
          `${text
            .replace(/^error: /, 'kiroku: ')
            .replace(/\n\((.+)\)\n$/, ': $1')
            .replace(/\.?\n$/, '')}; kiroku --help tells more\n`,
        ),
    })
  const action = () => ({ environment: readEnvironment(), isVerbose: program.opts()['verbose'] === true })
  const context = { program, terminal, action }
  addServerCommands(context)
  addBackupCommands(context)
  addRunCommands(context)
  addMovingCommands(context)
  addSqlCommand(context)
  addSettingsCommands(context)
  return program
}

const ownVersion = (): string =>
  z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')))
    .version
