import { halfCircles, Network, seededRandom, splitOff } from '@kiroku/example-learning'
import { init } from '@kiroku/sdk'

const run = init({ project: 'offline', mode: 'offline', tags: 'example', config: { learningRate: 0.3 } })
const random = seededRandom(5)
const { held, rest } = splitOff(halfCircles(400, { random }), 0, 4)
const network = new Network({ hidden: 12, random })
for (let epoch = 0; epoch < 40; epoch++) {
  for (let from = 0; from < rest.count; from += 20)
    network.learn(rest, { from, to: Math.min(rest.count, from + 20), learningRate: run.config.learningRate })
  const { loss, accuracy } = network.score(held)
  run.log({ val_loss: loss, val_accuracy: accuracy })
}
await run.finish()
process.stdout.write(`${run.dir}\n`)
