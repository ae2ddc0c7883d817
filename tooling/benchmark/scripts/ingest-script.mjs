import { join } from 'node:path'
import { init } from '@kiroku/sdk'

const { directory, run: id, rows, metrics } = JSON.parse(process.argv[2])
const names = Array.from({ length: metrics }, (_, metric) => `metric/${metric}`)
const run = init({ project: 'bench', id, dir: join(directory, 'local') })
const from = performance.now()
for (let step = 0; step < rows; step++) {
  const row = {}
  for (let metric = 0; metric < metrics; metric++) row[names[metric]] = Math.sin(step * (metric + 1))
  run.log(row)
  // A training turns its event loop now and then.
  if (step % 500 === 499) await new Promise((resolve) => setImmediate(resolve))
}
await run.finish()
console.log(JSON.stringify({ ms: performance.now() - from }))
process.exit(0)
