import { init } from '@kiroku/sdk'

// Logs a row that is longer than a row may be, between two that are not.
const run = init({ project: 'demo', id: 'long-row' })
run.log({ before: 1 })
run.log({ text: 'x'.repeat(Number(process.argv[2])), alongside: 1 })
run.log({ after: 2 })
await run.finish()
