import { parseArgs } from 'node:util'
import { seededRandom } from '@kiroku/example-mnist/random'
import { init } from '@kiroku/sdk'
import { batches, loadData } from './data.ts'
import { Softmax } from './softmax.ts'

// A search over hyperparameters: every run has the search's tag, and one click on the tag shows just these runs.
const { values: flags } = parseArgs({
  options: { runs: { type: 'string', default: '50' }, tag: { type: 'string', default: 'random-search' } },
})

const random = seededRandom(7)
const { train, validation } = loadData(1)
const tried: { name: string; accuracy: number; learningRate: number }[] = []
for (let number = 1; number <= Number(flags.runs); number++) {
  // Learning rate and decay evenly over the orders of magnitude from 0.001 to 10, and from 0.000001 to 0.1.
  const learningRate = 10 ** (-3 + 4 * random())
  const decay = 10 ** (-6 + 5 * random())
  const batchSize = [10, 20, 50, 100][Math.floor(random() * 4)] ?? 20
  await using run = init({
    project: 'recipes',
    tags: [flags.tag],
    jobType: 'search',
    config: { learningRate, decay, batchSize },
  })
  const model = new Softmax()
  for (const indices of batches(train.count, batchSize, seededRandom(number)))
    run.log({ 'train/loss': model.learn(train, indices, { learningRate, decay }).loss })
  const { loss, accuracy } = model.evaluate(validation)
  run.log({ 'val/loss': loss, 'val/accuracy': accuracy })
  tried.push({ name: run.name, accuracy, learningRate })
}

tried.sort((left, right) => right.accuracy - left.accuracy)
for (const { name, accuracy, learningRate } of tried.slice(0, 5))
  console.log(`${(100 * accuracy).toFixed(1)} %  learning rate ${learningRate.toPrecision(2)}  ${name}`)
