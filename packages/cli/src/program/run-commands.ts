import { parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import * as z from 'zod'
import { pull } from '../pull.ts'
import { connect } from '../server-access.ts'
import { importTrainerStates } from '../trainer-state/import-trainer-state.ts'
import { type Context, groups, urlFlag, urlOptionSchema } from './context.ts'

const runArgument = ['<run>', 'id, project:id, organization/project:id or organization/project/id'] as const

const pullOptionsSchema = urlOptionSchema.extend({ dir: z.string().optional() })
const importOptionsSchema = urlOptionSchema.extend({ project: z.string().optional() })

/** sync, restore, pull, clean, import. */
export function addRunCommands(context: Context): void {
  addPull(context)
  addImport(context)
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

function addImport({ program, terminal, action }: Context): void {
  program
    .command('import')
    .helpGroup(groups.runs)
    .description('bring in runs that something else logged')
    .command('trainer-state')
    .description('import trainer_state.json files of Hugging Face Trainer, plain or gzipped: a run per file')
    .argument('<files...>')
    .option('--project <name>', 'the project (default: $KIROKU_PROJECT, else uncategorized)')
    .option(...urlFlag)
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
