import { createInterface } from 'node:readline'
import { init } from '@kiroku/sdk'

// Logs as many rows as it is told, at first and by each line on its standard input; the line `end` finishes the run.
// usage: train.mjs ID ROWS [hold]
const [, , id, rows, hold] = process.argv
const run = init({ project: 'demo', id, config: { lr: 0.1, odd: Number.NaN }, tags: ['old', 'kept'] })
let row = 0
const log = (count) => {
  for (const end = row + count; row < end; row++) run.log({ row, wave: Math.sin(row) })
  process.stdout.write(`logged ${row}\n`)
}
log(Number(rows))
if (hold) {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'end') break
    log(Number(line))
  }
}
await run.finish()
process.stdout.write('finished\n')
process.stdin.destroy()
