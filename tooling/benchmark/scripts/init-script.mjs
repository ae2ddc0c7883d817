import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { init } from '@kiroku/sdk'

const { directory } = JSON.parse(process.argv[2])

const bareFrom = performance.now()
const worker = new Worker('', { eval: true })
spawn(process.execPath, ['-e', ''], { detached: true, stdio: 'ignore' }).unref()
const bare = performance.now() - bareFrom
await new Promise((resolve) => worker.once('exit', resolve))

const initFrom = performance.now()
const run = init({ project: 'bench', dir: join(directory, 'local') })
const taken = performance.now() - initFrom
for (let step = 0; step < 1000; step++) run.log({ loss: step })
await timers.setTimeout(300)
const stored = readdirSync(join(directory, 'local'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .reduce((bytes, entry) => bytes + statSync(join(entry.parentPath, entry.name)).size, 0)
if (stored < 8 * 1000) throw new Error(`only ${stored} bytes were kept of 1000 rows`)
await run.finish()
console.log(JSON.stringify({ init: taken, bare }))
process.exit(0)
