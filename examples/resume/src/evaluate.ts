import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { halfCircles, Network, seededRandom } from '@kiroku/example-learning'
import { init } from '@kiroku/sdk'

/** Adds to a run that has finished: how well it does on points that it has never seen. */
const { values } = parseArgs({
  options: {
    id: { type: 'string', default: 'resumed-example' },
    checkpoint: { type: 'string', default: 'checkpoint.json' },
  },
})
const network = new Network({ hidden: 12, random: seededRandom(2) })
const saved: unknown = JSON.parse(readFileSync(values.checkpoint, 'utf8'))
if (Array.isArray(saved)) network.weights.set(saved.map(Number))
const { accuracy } = network.score(halfCircles(500, { random: seededRandom(99) }))

const run = init({ project: 'resume', id: values.id, resume: 'must' })
run.summary['test_accuracy'] = accuracy
await run.finish()
