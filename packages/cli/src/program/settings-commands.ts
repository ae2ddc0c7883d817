import * as z from 'zod'
import { login } from '../login.ts'
import { setMode } from '../mode.ts'
import { status } from '../status.ts'
import { type Context, dirFlag, dirOptionSchema, groups, urlFlag, urlOptionSchema } from './context.ts'

const globalOptionSchema = dirOptionSchema.extend({ global: z.boolean().default(false) })

const statusOptionsSchema = dirOptionSchema.extend({ ...urlOptionSchema.shape, json: z.boolean().default(false) })

const modeCommands = [
  { name: 'online', mode: 'online', description: 'send runs to the server' },
  { name: 'offline', mode: 'offline', description: 'keep runs on this disk, for `kiroku sync` to send' },
  { name: 'disabled', mode: 'disabled', description: 'record nothing' },
  { name: 'enabled', mode: 'online', description: 'record again, and send it to the server' },
] as const

/** login, status, online, offline, disabled, enabled. */
export function addSettingsCommands({ program, terminal, action }: Context): void {
  program
    .command('login')
    .helpGroup(groups.settings)
    .description('keep the API key of a server for the SDK and the other commands')
    .argument('[key]', 'the key; asked for when left out')
    .option(...urlFlag)
    .action(async (key: unknown, given: unknown) => {
      const { url } = urlOptionSchema.parse(given)
      await login(terminal, action().environment, { url, key: z.string().optional().parse(key) })
    })
  program
    .command('status')
    .helpGroup(groups.settings)
    .description('show the settings that runs here begin with, where each is from, and what is not synced')
    .option(...dirFlag)
    .option(...urlFlag)
    .option('--json', 'print them as JSON')
    .action((given: unknown) => {
      const { json, ...options } = statusOptionsSchema.parse(given)
      status(terminal, action().environment, { ...options, isJson: json })
    })
  for (const { name, mode, description } of modeCommands) {
    program
      .command(name)
      .helpGroup(groups.settings)
      .description(description)
      .option('--global', "for all of this user's runs; without it, for those of this directory")
      .option(...dirFlag)
      .action((given: unknown) => {
        const { global: isGlobal, dir } = globalOptionSchema.parse(given)
        setMode(terminal, action().environment, { mode, isGlobal, dir })
      })
  }
}
