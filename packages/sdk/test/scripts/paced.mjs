import { writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { init } from '@kiroku/sdk'

// Logs `rate` rows of ten metrics a second for `seconds`, each at its own moment, and tells how long the calls took,
// second by second: [p50, p99] in microseconds.
const { values: flags } = parseArgs({
  options: { rate: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '10' } },
})
const rate = Number(flags.rate)
const rows = rate * Number(flags.seconds)
const say = (message) => writeSync(1, `${JSON.stringify({ at: Date.now(), ...message })}\n`)
const run = init({ project: 'demo' })
say({ begun: [run.id] })

let took = []
const startedAt = performance.now()
for (let row = 0; row < rows; row++) {
  while (performance.now() < startedAt + (row * 1000) / rate) await new Promise((resolve) => setTimeout(resolve, 1))
  const values = { row, wave: Math.sin(row), half: row / 2 }
  for (let metric = 0; metric < 7; metric++) values[`m/${metric}`] = row * metric
  const before = performance.now()
  run.log(values)
  took.push((performance.now() - before) * 1000)
  if (took.length < rate) continue
  took.sort((a, b) => a - b)
  say({ logged: row, took: [took[Math.floor(rate * 0.5)], took[Math.floor(rate * 0.99)]] })
  took = []
}
say({ ended: true })
await run.finish({ timeoutMs: 120_000 })
say({ finished: true })
