import { init } from '@kiroku/sdk'

// One short run with a config, in the repository that it is started in.
const run = init({
  project: 'demo',
  id: process.argv[2],
  config: { lr: 0.1, diverged: Number.NaN, deep: { on: true } },
})
run.log({ loss: 1 })
await run.finish()
