import { sqlLimits, sqlTables } from '@kiroku/core/sql'
import { Option } from 'commander'
import * as z from 'zod'
import { sql, sqlFormats } from '../sql.ts'
import { type Context, groups, urlFlag, urlOptionSchema } from './context.ts'

const optionsSchema = urlOptionSchema.extend({ format: z.enum(sqlFormats) })
const example = `
Tables: ${sqlTables.map(({ name }) => name).join(', ')}; docs/sql.md has their columns.
A query may take ${sqlLimits.maxSeconds} s and ${sqlLimits.maxMemoryBytes / 1e9} GB; its first ${sqlLimits.maxRows} rows are shown.

  kiroku sql mnist "SELECT run, min(value) FROM points WHERE metric = 'loss' GROUP BY run"
  kiroku sql local/mnist "SELECT run, config.lr FROM runs" --format csv
  kiroku sql mnist - < query.sql`

/** sql. */
export function addSqlCommand({ program, terminal, action }: Context): void {
  program
    .command('sql')
    .helpGroup(groups.runs)
    .description("ask SQL of a project's points and runs")
    .argument('<project>', 'PROJECT, or ORG/PROJECT')
    .argument('<query>', 'one SELECT in the dialect of ClickHouse; - reads it from standard input')
    .addOption(new Option('--format <format>', 'how the answer is printed').choices([...sqlFormats]).default('table'))
    .option(...urlFlag)
    .addHelpText('after', example)
    .action(async (project: unknown, query: unknown, given: unknown) => {
      const options = {
        ...optionsSchema.parse(given),
        project: z.string().parse(project),
        query: z.string().parse(query),
      }
      await sql(terminal, action().environment, options)
    })
}
