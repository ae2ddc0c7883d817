import { writeSync } from 'node:fs'
import { init } from '@kiroku/sdk'

// Much data in no time: 100 000 rows of ten metrics, and a long text now and then.
const run = init({ project: 'demo' })
writeSync(1, `${JSON.stringify({ at: Date.now(), begun: [run.id] })}\n`)
for (let row = 0; row < 100_000; row++) {
  const values = { row }
  for (let metric = 0; metric < 9; metric++) values[`m/${metric}`] = row * metric
  if (row % 20_000 === 0) values.text = 'x'.repeat(4_000_000)
  run.log(values)
}
writeSync(1, `${JSON.stringify({ at: Date.now(), ended: true })}\n`)
await run.finish()
writeSync(1, `${JSON.stringify({ at: Date.now(), finished: true })}\n`)
setInterval(() => {}, 1000)
