import { InvalidArgumentError } from 'commander'
import * as z from 'zod'
import { clean } from '../clean.ts'
import { pull } from '../pull.ts'
import { restore } from '../restore.ts'
import { parseReplaceTags, sync } from '../sync.ts'
import { workspaceOf } from '../workspace.ts'
import { type Context, dirFlag, dirOptionSchema, groups, parseJobs, urlFlag, urlOptionSchema } from './context.ts'

const runArgument = [
  '<run>',
  'id, project:id, organization/project:id, organization/project/id or the address of its page',
] as const

const syncOptionsSchema = dirOptionSchema.extend({
  ...urlOptionSchema.shape,
  project: z.string().optional(),
  id: z.string().optional(),
  replaceTags: z.record(z.string(), z.string()).default({}),
  includeSynced: z.boolean().default(false),
  live: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  jobs: z.number(),
})
const restoreOptionsSchema = dirOptionSchema.extend({
  ...urlOptionSchema.shape,
  git: z.boolean(),
  branch: z.boolean(),
})
const cleanOptionsSchema = dirOptionSchema.extend({
  minHours: z.number(),
  includeUnsynced: z.boolean().default(false),
  yes: z.boolean().default(false),
  dryRun: z.boolean().default(false),
})
const pullOptionsSchema = urlOptionSchema.extend({ dir: z.string().optional() })

/** sync, restore, pull, clean. */
export function addRunCommands(context: Context): void {
  addSync(context)
  addRestore(context)
  addPull(context)
  addClean(context)
}

function addSync({ program, terminal, action }: Context): void {
  program
    .command('sync')
    .helpGroup(groups.runs)
    .description('send runs of this disk to the server; again at any time, it goes on where it stopped')
    .argument('[paths...]', "runs' directories, logs or .kiroku directories (default: this directory's)")
    .option('--project <name>', 'the project (default: that of each run)')
    .option('--id <id>', 'the id that the run gets; for a single run')
    .option('--replace-tags <pairs>', 'old=new,...: other tags in the place of those of the run', parseReplaceTags)
    .option('--include-synced', 'send those that are synced once more')
    .option('--live', 'follow runs whose script still writes, until it ends')
    .option('--jobs <n>', 'runs at once', parseJobs, 4)
    .option('--dry-run', 'tell what would be sent, and send nothing')
    .option(...dirFlag)
    .option(
      '--url <url>',
      'the server (default: $KIROKU_URL, else the one that each run was begun for, else as elsewhere)',
    )
    .action(async (paths: unknown, given: unknown) => {
      const { includeSynced, live, dryRun, ...options } = syncOptionsSchema.parse(given)
      process.exitCode = await sync(terminal, action().environment, {
        ...options,
        paths: z.array(z.string()).parse(paths),
        includesSynced: includeSynced,
        isLive: live,
        isDryRun: dryRun,
      })
    })
}

function parseHours(text: string): number {
  const hours = Number(text)
  if (text.trim() !== '' && Number.isFinite(hours) && hours >= 0) return hours
  throw new InvalidArgumentError('it is a number of hours.')
}

function addRestore({ program, terminal, action }: Context): void {
  program
    .command('restore')
    .helpGroup(groups.runs)
    .description("check out a run's commit, apply its patch and write its config")
    .argument(...runArgument)
    .option('--no-git', 'leave the code alone: the config only')
    .option('--no-branch', 'check the commit out without a branch (default: the branch kiroku/<id>)')
    .option(...dirFlag)
    .option(...urlFlag)
    .action(async (run: unknown, given: unknown) => {
      const options = { ...restoreOptionsSchema.parse(given), run: z.string().parse(run) }
      if (!(await restore(terminal, action().environment, options))) process.exitCode = 1
    })
}

function addClean({ program, terminal, action }: Context): void {
  program
    .command('clean')
    .helpGroup(groups.runs)
    .description('delete the local folders of runs that are synced')
    .option('--min-hours <hours>', 'only those that were not written to for so long', parseHours, 24)
    .option('--include-unsynced', 'also runs that no server has: they are lost')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'tell what would be deleted, and delete nothing')
    .option(...dirFlag)
    .action(async (given: unknown) => {
      const { dir, minHours, includeUnsynced, yes, dryRun } = cleanOptionsSchema.parse(given)
      const root = workspaceOf(action().environment, dir)
      const flags = { includesUnsynced: includeUnsynced, isAgreed: yes, isDryRun: dryRun }
      await clean(terminal, { root, minHours, ...flags })
    })
}

function addPull({ program, terminal, action }: Context): void {
  program
    .command('pull')
    .helpGroup(groups.runs)
    .description("download a run's files; those that are there already stay")
    .argument(...runArgument)
    .option('--dir <dir>', "where to (default: a directory of the run's id)")
    .option(...urlFlag)
    .action(async (run: unknown, given: unknown) => {
      await pull(terminal, action().environment, { ...pullOptionsSchema.parse(given), run: z.string().parse(run) })
    })
}
