import { createWriteStream, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { init } from '@kiroku/sdk'

const { directory, run: id } = JSON.parse(process.argv[2])
const stream = createWriteStream(join(directory, 'stream.jsonl'))
await new Promise((resolve) => stream.once('open', resolve))
const run = init({ project: 'bench', id, dir: join(directory, 'local') })
const times = openSync(join(directory, 'times.bin'), 'w')

// No turn of the event loop from here on: a training that holds the main thread.
for (let row = 0; ; row++) {
  const until = performance.now() + 0.2
  while (performance.now() < until);
  run.log({ row, loss: 1 / (row + 1) })
  stream.write(`{"row":${row}}\n`)
  writeSync(times, new Uint8Array(Float64Array.of(performance.now()).buffer))
}
