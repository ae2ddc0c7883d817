import * as z from 'zod'
import { modeSchema } from './settings-file.ts'

const yes = /^(y|yes|t|true|on|1)$/i
const no = /^(n|no|f|false|off|0)$/i

/** What is empty counts as not set. */
const given = z
  .string()
  .optional()
  .transform((value) => (value === '' ? undefined : value))

const text = (description: string) => given.meta({ description })

const choice = (description: string) =>
  given
    .transform((value, context) => {
      if (value === undefined || yes.test(value)) return value === undefined ? undefined : true
      if (no.test(value)) return false
      context.addIssue({ code: 'custom', message: `\`${value}\` is neither yes nor no` })
      return z.NEVER
    })
    .meta({ description })

const flag = (description: string) =>
  choice(description)
    .transform((value) => value ?? false)
    .meta({ description })

const wanted = (min: number): string => `expected a number of seconds${min > 0 ? `, ${min} or more` : ''}`

const seconds = (fallback: number, min: number, description: string) =>
  given
    .transform((value) => (value === undefined ? fallback : Number(value)))
    .pipe(z.number(wanted(min)).min(min, wanted(min)))
    .meta({ description: `${description} (${fallback})` })

const list = (description: string) =>
  given
    .transform((value) => value?.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()])))
    .meta({ description })

/** The environment that the SDK reads, each variable with what it means. */
export const envSchema = z.object({
  KIROKU_URL: text('the server, before that of the latest `kiroku login`'),
  KIROKU_API_KEY: text('the key, before that of `kiroku login`'),
  KIROKU_PROJECT: text('the project'),
  KIROKU_RUN_ID: text("the run's id"),
  KIROKU_NAME: text("the run's name"),
  KIROKU_GROUP: text("the run's group"),
  KIROKU_JOB_TYPE: text("the run's job type"),
  KIROKU_NOTES: text("the run's notes"),
  KIROKU_TAGS: list("the run's tags, with commas"),
  KIROKU_RESUME: text('`allow`, `must`, `never`, `auto`; yes is `auto`'),
  KIROKU_RESUME_FROM: text('`<id>?_step=<n>`: go on with this run after step n, and drop what came later'),
  KIROKU_FORK_FROM: text('`<id>?_step=<n>`: begin with the history of that run up to step n'),
  KIROKU_SHARED: choice('several processes write to this run; the server gives the steps'),
  KIROKU_LABEL: text('what tells this process of a shared run from the others'),
  KIROKU_ALLOW_VAL_CHANGE: choice('config values may be changed'),
  KIROKU_MODE: z
    .preprocess((mode) => (mode === '' ? undefined : mode), modeSchema.optional())
    .meta({ description: '`online`, `offline` (stays on this disk) or `disabled` (nothing at all)' }),
  KIROKU_DIR: text('where local data goes; `./.kiroku`'),
  KIROKU_QUIET: choice('start and end are not told'),
  KIROKU_SILENT: flag('nothing is told'),
  KIROKU_CONSOLE: choice('no: what the script prints is not recorded'),
  KIROKU_DISABLE_CODE: flag('no commit, branch, remote, patches or copy of the program'),
  WANDB_DISABLE_CODE: flag('the same'),
  KIROKU_DISABLE_GIT: flag('no commit, branch, remote or patches'),
  KIROKU_IGNORE_GLOBS: list('files of the run that stay on this disk, such as `*.patch`, with commas'),
  WANDB_IGNORE_GLOBS: list('the same'),
  KIROKU_SAVE_PACKAGES: choice('no: the list of packages is not recorded'),
  KIROKU_DISABLE_MACHINE_INFO: flag('nothing about code, machine, user and directories'),
  KIROKU_DISABLE_STATS: flag("none of the machine's metrics"),
  KIROKU_STATS_SAMPLE_SECONDS: seconds(2, 0.1, 'how often the machine is looked at'),
  KIROKU_STATS_WINDOW_SECONDS: seconds(15, 0.1, 'the time over which its metrics are averaged'),
  KIROKU_STATS_DISK_PATHS: list('the disks that are watched, by a path on each; `/`'),
  KIROKU_STATS_GPU_DEVICE_IDS: list('')
    .transform((parts) => parts?.map(Number))
    .pipe(z.array(z.number('expected the numbers of GPUs').int().nonnegative()).optional())
    .meta({ description: 'the GPUs that are watched, by number; all' }),
  KIROKU_STATS_PROCESS_TREE: flag("the script's metrics include those of the processes that it started"),
  KIROKU_STATS_NO_CGROUP: flag("measure by the machine's CPUs and memory, not by the container's limits"),
  KIROKU_INIT_TIMEOUT: seconds(10, 0, 'how long `init()` waits for the server when a run is resumed'),
  KIROKU_FINISH_TIMEOUT: seconds(30, 0, 'how long `finish()` bears a server that takes nothing'),
  KIROKU_LINGER_SECONDS: seconds(
    3600,
    0,
    'how long sending goes on after the script, with a server that takes nothing',
  ),
  KIROKU_CONFIG_DIR: text('where keys and settings are; `$XDG_CONFIG_HOME/kiroku` or `~/.config/kiroku`'),
  XDG_CONFIG_HOME: text('where `KIROKU_CONFIG_DIR` is by default'),
})

/** The environment as `init()` reads it; what is empty counts as not set. Times are in seconds. */
export type SdkEnv = z.infer<typeof envSchema>

/** The environment as a table in Markdown, a line for each variable. */
export function environmentTable(): string {
  const rows = Object.entries(envSchema.shape).map(
    ([name, { description = '' }]) => [`\`${name}\``, description] as const,
  )
  const width = [0, 1].map((column) => Math.max(...rows.map((row) => row[column === 0 ? 0 : 1].length), 8))
  const line = (cells: readonly [string, string], fill = ' '): string =>
    `| ${cells[0].padEnd(width[0] ?? 0, fill)} | ${cells[1].padEnd(width[1] ?? 0, fill)} |`
  return [line(['variable', 'meaning']), line(['', ''], '-'), ...rows.map((row) => line(row))].join('\n')
}
