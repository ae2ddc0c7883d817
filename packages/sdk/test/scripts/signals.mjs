import { writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { init } from '@kiroku/sdk'

// A loop that turns the event loop for a while, and then, with `--still`, never again.
const { values: flags } = parseArgs({
  options: {
    listener: { type: 'boolean', default: false },
    still: { type: 'boolean', default: false },
    signal: { type: 'boolean', default: false },
  },
})
const say = (message) => writeSync(1, `${JSON.stringify({ at: Date.now(), ...message })}\n`)
const run = init({ project: 'demo' })
say({ begun: [run.id] })
if (flags.listener) {
  process.on('SIGINT', () => {
    say({ heard: process.listenerCount('SIGINT') })
    process.exit(6)
  })
}
let row = 0
const endIfAsked = () => {
  if (!flags.signal || !run.signal.aborted) return
  say({ heard: run.signal.reason.name })
  run.summary.saved = row
  run.end(0)
  process.exit(0)
}
const log = () => {
  endIfAsked()
  run.log({ row, wave: Math.sin(row), half: row / 2 })
  if (row % 50 === 0) say({ logged: row, listeners: process.listenerCount('SIGINT') })
  row++
}
while (!flags.still || process.listenerCount('SIGINT') === 0) {
  log()
  await new Promise((resolve) => setTimeout(resolve, 2))
}
for (;;) {
  log()
  for (const until = Date.now() + 2; Date.now() < until; );
}
