import { parseArgs } from 'node:util'
import { halfCircles, Network, seededRandom, splitOff } from '@kiroku/example-learning'
import { init } from '@kiroku/sdk'

/** Tries settings at random, a run each, all with one tag; tells the best. */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '50' }, tag: { type: 'string', default: 'random-search' } },
})
const random = seededRandom(7)
const { held, rest } = splitOff(halfCircles(400, { random }), 0, 4)

type Tried = { id: string; accuracy: number; learningRate: number; hidden: number }

function attempt(): { tried: Tried; finished: Promise<void> } {
  const config = {
    // Learning rates are spread evenly over their orders of magnitude.
    learningRate: 10 ** (3 * random() - 2.5),
    hidden: 2 + Math.floor(random() * 15),
    batchSize: [10, 20, 50][Math.floor(random() * 3)] ?? 20,
  }
  const run = init({ project: 'random-search', tags: values.tag, config })
  const { learningRate, hidden, batchSize } = config
  const network = new Network({ hidden, random })
  for (let epoch = 0; epoch < 20; epoch++) {
    for (let from = 0; from < rest.count; from += batchSize)
      network.learn(rest, { from, to: Math.min(rest.count, from + batchSize), learningRate })
    const { loss, accuracy } = network.score(held)
    run.log({ val_loss: loss, val_accuracy: accuracy })
  }
  const { accuracy } = network.score(held)
  return { tried: { id: run.id, accuracy, learningRate, hidden }, finished: run.finish() }
}

const attempts = Array.from({ length: Number(values.runs) }, attempt)
await Promise.all(attempts.map(({ finished }) => finished))
const [best] = attempts.map(({ tried }) => tried).sort((a, b) => b.accuracy - a.accuracy)
if (best !== undefined) {
  const { id, accuracy, learningRate, hidden } = best
  process.stdout.write(
    `best of ${attempts.length}: run ${id}, accuracy ${accuracy}, learning rate ${learningRate.toPrecision(3)}, ${hidden} hidden units\n`,
  )
}
