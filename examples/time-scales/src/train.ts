import { halfCircles, Network, seededRandom, splitOff } from '@kiroku/example-learning'
import { init } from '@kiroku/sdk'

const run = init({
  project: 'time-scales',
  tags: 'example',
  config: { epochs: 30, batchSize: 20, learningRate: 0.3, hidden: 12, seed: 1 },
})
// What is logged beside a `batch` or an `epoch` is drawn over it; the order of definitions and rows does not matter.
run.defineMetric('train/*', { stepMetric: 'batch' })
run.defineMetric('val/*', { stepMetric: 'epoch' })
run.defineMetric('val/accuracy', { stepMetric: 'epoch', summary: 'max', goal: 'maximize' })

const { epochs, batchSize, learningRate, hidden, seed } = run.config
const random = seededRandom(seed)
const { held, rest } = splitOff(halfCircles(1000, { random }), 0, 5)
const network = new Network({ hidden, random })
let batch = 0
for (let epoch = 1; epoch <= epochs; epoch++) {
  for (let from = 0; from < rest.count; from += batchSize) {
    const { loss, accuracy } = network.learn(rest, { from, to: Math.min(rest.count, from + batchSize), learningRate })
    batch++
    run.log({ batch, 'train/loss': loss, 'train/accuracy': accuracy })
  }
  const { loss, accuracy } = network.score(held)
  run.log({ epoch, 'val/loss': loss, 'val/accuracy': accuracy })
}
// A value that does not change over time is logged once, and stands in the runs table.
run.log({ final_accuracy: network.score(held).accuracy })
await run.finish()
