import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { init } from '@kiroku/sdk'
import { quantile } from '../statistics.mjs'

const { directory, rows, betweenUs } = JSON.parse(process.argv[2])

/** Stands for the training between two calls. */
function compute() {
  const until = performance.now() + betweenUs / 1000
  while (performance.now() < until);
}

const rowAt = (step) => ({
  loss: 1 / (step + 1),
  accuracy: step / rows,
  'grad/norm': Math.sin(step),
  'grad/max': Math.cos(step),
  lr: 1e-4,
  epoch: Math.floor(step / 100),
  tokens: step * 1024,
  'time/forward': 0.01 + (step % 7),
  'time/backward': 0.02 + (step % 11),
  memory: 1e9 + step,
})

function timesOf(call) {
  const taken = new Float64Array(rows)
  for (let step = 0; step < rows; step++) {
    const row = rowAt(step)
    compute()
    const before = performance.now()
    call(row)
    taken[step] = (performance.now() - before) * 1000
  }
  return taken.subarray(rows / 10)
}

const run = init({ project: 'bench', dir: join(directory, 'local') })
const from = performance.now()
const logged = timesOf((row) => run.log(row))
await run.finish()
const seconds = (performance.now() - from) / 1000
const file = join(directory, 'plain.jsonl')
const plain = timesOf((row) => appendFileSync(file, `${JSON.stringify(row)}\n`))
console.log(
  JSON.stringify({
    p50: quantile(logged, 0.5),
    p99: quantile(logged, 0.99),
    plainP50: quantile(plain, 0.5),
    plainP99: quantile(plain, 0.99),
    pointsPerSecond: (rows * Object.keys(rowAt(0)).length) / seconds,
  }),
)
process.exit(0)
