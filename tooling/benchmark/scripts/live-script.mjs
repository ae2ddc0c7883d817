import { join } from 'node:path'
import timers from 'node:timers/promises'
import { init } from '@kiroku/sdk'
import { randomNumbers } from '../statistics.mjs'

// Logs `points` numbers at uneven moments, ten a second or so, and tells when `log()` was called for each: unix milliseconds,
// finer than a millisecond.
const { directory, project, run: id, points } = JSON.parse(process.argv[2])
const random = randomNumbers(7)
const run = init({ project, id, dir: join(directory, 'local') })
const at = []
for (let step = 0; step < points; step++) {
  await timers.setTimeout(50 + 100 * random())
  at.push(performance.timeOrigin + performance.now())
  run.log({ value: random() })
}
await run.finish()
console.log(JSON.stringify(at))
process.exit(0)
