import { seededRandom } from '@kiroku/example-mnist/random'
import { init } from '@kiroku/sdk'
import { batches, loadData } from './data.ts'
import { Softmax } from './softmax.ts'

// Metrics on different time scales in one run: log the index beside the metric, and bind the metric to it.
await using run = init({
  project: 'recipes',
  name: 'time scales',
  config: { epochs: 5, batchSize: 20, learningRate: 0.2, seed: 1 },
})
run.defineMetric('train/*', { stepMetric: 'batch' })
run.defineMetric('val/*', { stepMetric: 'epoch' })
run.defineMetric('val/accuracy', { stepMetric: 'epoch', summary: ['max', 'last'], goal: 'maximize' })

const { epochs, batchSize, learningRate, seed } = run.config
const random = seededRandom(seed)
const { train, validation, test } = loadData(seed)
const model = new Softmax()
let batch = 0
for (let epoch = 1; epoch <= epochs; epoch++) {
  for (const indices of batches(train.count, batchSize, random)) {
    const { loss, accuracy } = model.learn(train, indices, { learningRate })
    run.log({ batch: ++batch, 'train/loss': loss, 'train/accuracy': accuracy })
  }
  const { loss, accuracy } = model.evaluate(validation)
  run.log({ epoch, 'val/loss': loss, 'val/accuracy': accuracy })
}
// A value that does not change over time is logged once: the runs table shows it as a column.
run.log({ final_accuracy: model.evaluate(test).accuracy })
