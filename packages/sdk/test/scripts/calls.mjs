import { init } from '@kiroku/sdk'

// Runs of an id each, with calls of `log()`; all from the first word, a line of JSON.
for (const { id, calls } of JSON.parse(process.argv[2])) {
  const run = init({ project: 'demo', id })
  for (const [row, options] of calls) run.log(row, options)
  run.end(0)
}
