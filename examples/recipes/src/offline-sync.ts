import { seededRandom } from '@kiroku/example-mnist/random'
import { init } from '@kiroku/sdk'
import { batches, loadData } from './data.ts'
import { Softmax } from './softmax.ts'

// A training on a machine without a way to the server: everything stays on its disk, until `kiroku sync` sends it.
await using run = init({ project: 'recipes', name: 'offline', mode: 'offline', config: { learningRate: 0.2 } })
const { train, validation } = loadData(1)
const model = new Softmax()
const random = seededRandom(1)
for (let epoch = 1; epoch <= 3; epoch++) {
  for (const indices of batches(train.count, 20, random))
    run.log({ 'train/loss': model.learn(train, indices, { learningRate: 0.2 }).loss })
  run.log({ epoch, 'val/accuracy': model.evaluate(validation).accuracy })
}
console.log(`kiroku sync ${run.dir}`)
