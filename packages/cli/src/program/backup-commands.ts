import * as z from 'zod'
import { backup, restoreBackupTo, verifyBackupOf } from '../backup.ts'
import { type Context, groups, urlFlag, urlOptionSchema } from './context.ts'

const backupOptionsSchema = urlOptionSchema.extend({ to: z.string().optional(), verify: z.string().optional() })
const restoreOptionsSchema = z.object({ data: z.string().optional() })

/** backup, restore-backup. */
export function addBackupCommands({ program, terminal, action }: Context): void {
  const command = program
    .command('backup')
    .helpGroup(groups.server)
    .description('back up everything that the running server of this machine keeps; it goes on meanwhile')
    .option('--to <dir>', 'the directory to make, on this machine')
    .option('--verify <dir>', 'check that a backup is whole and undamaged, instead of making one')
    .option(...urlFlag)
    .action(async (given: unknown) => {
      const { to, verify, url } = backupOptionsSchema.parse(given)
      if (verify !== undefined && to === undefined) await verifyBackupOf(terminal, verify)
      else if (to !== undefined && verify === undefined) await backup(terminal, action().environment, { to, url })
      else command.error("error: give one of '--to <dir>' and '--verify <dir>'")
    })
  program
    .command('restore-backup')
    .helpGroup(groups.server)
    .description('make a new data directory from a backup, for `kiroku up` to start')
    .argument('<backup>', 'the directory that `kiroku backup` made')
    .option('--data <dir>', 'the data directory to make (default: $KIROKU_DATA_DIR, else ~/.local/share/kiroku)')
    .action(async (from: unknown, given: unknown) => {
      const { data } = restoreOptionsSchema.parse(given)
      await restoreBackupTo(terminal, action().environment, { from: z.string().parse(from), data })
    })
}
