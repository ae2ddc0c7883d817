import { type Command, InvalidArgumentError } from 'commander'
import * as z from 'zod'
import type { Environment } from '../env.ts'
import type { Terminal } from '../terminal.ts'

/** What a command is registered with. */
export type Context = {
  program: Command
  terminal: Terminal
  /** What the command line and the environment say beside the command's own options. */
  action(): { environment: Environment; isVerbose: boolean }
}

/** The option that names a server, where a command talks to one. */
export const urlFlag = [
  '--url <url>',
  'the server (default: $KIROKU_URL, else that of the settings, else the last login)',
] as const
export const urlOptionSchema = z.object({ url: z.string().optional() })

/** The option that names the directory of local data. */
export const dirFlag = ['--dir <dir>', 'the directory of local data (default: $KIROKU_DIR, else .kiroku)'] as const
export const dirOptionSchema = z.object({ dir: z.string().optional() })

/** The headings of `kiroku --help`. */
export const groups = { server: 'Server:', runs: 'Runs:', settings: 'Settings:' } as const

/** How many runs are moved at once. Throws commander's error for anything but 1 to 64. */
export function parseJobs(text: string): number {
  const jobs = Number(text)
  if (/^\d+$/.test(text) && jobs >= 1 && jobs <= 64) return jobs
  throw new InvalidArgumentError('it is a whole number from 1 to 64.')
}
