import type { Command } from 'commander'
import * as z from 'zod'
import type { Environment } from '../env.ts'
import { exportProject } from '../export/export-project.ts'
import { importExport } from '../import/import-export.ts'
import { projectOfKey } from '../import/target-project.ts'
import { connect } from '../server-access.ts'
import type { ServerClient } from '../server-client.ts'
import { importTensorboard } from '../tensorboard/import-tensorboard.ts'
import { importTrainerStates } from '../trainer-state/import-trainer-state.ts'
import { importWandb } from '../wandb/import-wandb.ts'
import { type Context, groups, parseJobs, urlFlag, urlOptionSchema } from './context.ts'

const exportOptionsSchema = urlOptionSchema.extend({ to: z.string(), jobs: z.number() })
const importOptionsSchema = urlOptionSchema.extend({ project: z.string().optional() })
const jobsFlag = ['--jobs <n>', 'runs at once', parseJobs, 4] as const

/** export, import. */
export function addMovingCommands(context: Context): void {
  addExport(context)
  const imports = context.program
    .command('import')
    .helpGroup(groups.runs)
    .description('bring in runs from elsewhere: an export, or what something else logged')
  addImportExport(imports, context)
  addImportTrainerState(imports, context)
  addImportTensorboard(imports, context)
  addImportWandb(imports, context)
}

function addExport({ program, terminal, action }: Context): void {
  program
    .command('export')
    .helpGroup(groups.runs)
    .description(
      'write a project with its artifacts, or one run of it, into a directory: points as Parquet, all else as JSON',
    )
    .argument('<what>', 'organization/project, organization/project/run, or the address of a page')
    .requiredOption('--to <dir>', 'a new or empty directory')
    .option(...jobsFlag)
    .option(...urlFlag)
    .action(async (what: unknown, given: unknown) => {
      const { to, jobs, url } = exportOptionsSchema.parse(given)
      const client = connect(url, action().environment)
      const lost = await exportProject(terminal, client, { what: z.string().parse(what), directory: to, jobs })
      if (lost > 0) process.exitCode = 1
    })
}

function addImportExport(imports: Command, { terminal, action }: Context): void {
  imports
    .command('export')
    .description('import what `kiroku export` wrote; again at any time, it goes on where it stopped')
    .argument('<dir>')
    .option('--project <name>', 'project or organization/project (default: the project of the export)')
    .option(...jobsFlag)
    .option(...urlFlag)
    .action(async (dir: unknown, given: unknown) => {
      const { environment, isVerbose } = action()
      const options = importOptionsSchema.extend({ jobs: z.number() }).parse(given)
      const client = connect(options.url, environment)
      const project = options.project === undefined ? undefined : await projectOfKey(client, options.project)
      const moved = { directory: z.string().parse(dir), project, jobs: options.jobs, isVerbose }
      if ((await importExport(terminal, client, moved)) > 0) process.exitCode = 1
    })
}

/** Where runs go that name no project themselves: as asked, else `KIROKU_PROJECT`, else uncategorized. */
const projectFlag = ['--project <name>', 'the project (default: $KIROKU_PROJECT, else uncategorized)'] as const
const chosenProject = (client: ServerClient, asked: string | undefined, environment: Environment): Promise<string> =>
  projectOfKey(client, asked ?? environment.KIROKU_PROJECT ?? 'uncategorized')

function addImportTrainerState(imports: Command, { terminal, action }: Context): void {
  imports
    .command('trainer-state')
    .description('import trainer_state.json files of Hugging Face Trainer, plain or gzipped: a run per file')
    .argument('<files...>')
    .option(...projectFlag)
    .option(...urlFlag)
    .action(async (files: unknown, given: unknown) => {
      const { environment, isVerbose } = action()
      const options = importOptionsSchema.parse(given)
      const client = connect(options.url, environment)
      const project = await chosenProject(client, options.project, environment)
      const names = z.array(z.string()).parse(files)
      if ((await importTrainerStates(terminal, client, { files: names, project, isVerbose })) > 0) process.exitCode = 1
    })
}

function addImportTensorboard(imports: Command, { terminal, action }: Context): void {
  imports
    .command('tensorboard')
    .description('import event files of TensorBoard: a run for each directory that has any')
    .argument('<paths...>', 'log directories, or event files')
    .option(...projectFlag)
    .option(...jobsFlag)
    .option(...urlFlag)
    .action(async (given: unknown, flags: unknown) => {
      const { environment, isVerbose } = action()
      const options = importOptionsSchema.extend({ jobs: z.number() }).parse(flags)
      const client = connect(options.url, environment)
      const project = await chosenProject(client, options.project, environment)
      const paths = z.array(z.string()).parse(given)
      const failed = await importTensorboard(terminal, client, { paths, project, jobs: options.jobs, isVerbose })
      if (failed > 0) process.exitCode = 1
    })
}

function addImportWandb(imports: Command, { terminal, action }: Context): void {
  imports
    .command('wandb')
    .description('import local runs of wandb, offline ones too; again at any time, it goes on where it stopped')
    .argument('<paths...>', 'wandb folders, folders of runs, or .wandb files')
    .option('--project <name>', "project or organization/project (default: each run's own project)")
    .option(...jobsFlag)
    .option(...urlFlag)
    .action(async (given: unknown, flags: unknown) => {
      const { environment, isVerbose } = action()
      const options = importOptionsSchema.extend({ jobs: z.number() }).parse(flags)
      const client = connect(options.url, environment)
      const project = options.project === undefined ? undefined : await projectOfKey(client, options.project)
      const paths = z.array(z.string()).parse(given)
      const failed = await importWandb(terminal, client, { paths, project, jobs: options.jobs, isVerbose })
      if (failed > 0) process.exitCode = 1
    })
}
