import { join } from 'node:path'
import { init } from '@kiroku/sdk'
import { quantile } from '../statistics.mjs'

// Logs `rate` rows of ten numbers a second for `seconds`, in ticks as a training would, and tells a line of JSON a second:
// the 50th and 99th percentile of its calls in microseconds. Ends when all is sent.
const { directory, rate, seconds } = JSON.parse(process.argv[2])
const run = init({ project: 'bench', dir: join(directory, 'local') })
const rows = rate * seconds
let taken = []
const startedAt = performance.now()
console.log(JSON.stringify({ second: 0 }))
for (let row = 0; row < rows; row++) {
  while (performance.now() < startedAt + (row * 1000) / rate) await new Promise((resolve) => setTimeout(resolve, 1))
  const values = { row }
  for (let metric = 0; metric < 9; metric++) values[`m/${metric}`] = Math.sin(row) * metric
  const before = performance.now()
  run.log(values)
  taken.push((performance.now() - before) * 1000)
  if (taken.length < rate) continue
  const times = Float64Array.from(taken)
  taken = []
  console.log(
    JSON.stringify({
      second: (row + 1) / rate,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      cpu: process.cpuUsage(),
    }),
  )
}
await run.finish({ timeoutMs: 120_000 })
console.log(JSON.stringify({ finished: true }))
process.exit(0)
