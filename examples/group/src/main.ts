import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { init } from '@kiroku/sdk'

/** Cross validation in several processes at once. Each is a run of one group; with `--shared` all write to one run. */
const { values } = parseArgs({ options: { shared: { type: 'boolean', default: false }, name: { type: 'string' } } })
const folds = 3
const name = values.name ?? `cross-validation-${Date.now().toString(36)}`
const worker = fileURLToPath(new URL('worker.js', import.meta.url))

const outputs = await Promise.all(
  Array.from({ length: folds }, async (_, fold) => {
    const words = ['--fold', String(fold), '--folds', String(folds), values.shared ? '--shared' : '--group', name]
    const { stdout } = await promisify(execFile)(process.execPath, [worker, ...words])
    return Number(stdout)
  }),
)
const mean = outputs.reduce((sum, accuracy) => sum + accuracy, 0) / folds

// What follows from all of them is said when they are done: by one more run of the group, or by the shared run itself.
const run = init({
  project: 'group',
  tags: 'example',
  ...(values.shared ? { id: name, shared: true, label: 'main' } : { group: name, jobType: 'mean', name: 'mean' }),
})
run.log({ mean_accuracy: mean })
await run.finish()
