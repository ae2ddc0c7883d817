import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { halfCircles, Network, seededRandom, splitOff } from '@kiroku/example-learning'
import { init } from '@kiroku/sdk'

/** Trains some epochs more: of a new run, or of the run with this id, from its checkpoint on. */
const { values } = parseArgs({
  options: {
    id: { type: 'string', default: 'resumed-example' },
    epochs: { type: 'string', default: '10' },
    checkpoint: { type: 'string', default: 'checkpoint.json' },
  },
})
const run = init({ project: 'resume', id: values.id, resume: 'allow', tags: 'example' })
run.defineMetric('val_accuracy', { summary: 'max' })

const { held, rest } = splitOff(halfCircles(600, { random: seededRandom(1) }), 0, 5)
const network = new Network({ hidden: 12, random: seededRandom(2) })
if (run.step > 0 && existsSync(values.checkpoint)) {
  const saved: unknown = JSON.parse(readFileSync(values.checkpoint, 'utf8'))
  if (Array.isArray(saved)) network.weights.set(saved.map(Number))
}
const first = run.step
for (let epoch = first; epoch < first + Number(values.epochs); epoch++) {
  for (let from = 0; from < rest.count; from += 20) network.learn(rest, { from, to: from + 20, learningRate: 0.3 })
  const { loss, accuracy } = network.score(held)
  run.log({ val_loss: loss, val_accuracy: accuracy }, { step: epoch })
}
writeFileSync(values.checkpoint, JSON.stringify([...network.weights]))
await run.finish()
