import { parseArgs } from 'node:util'
import { halfCircles, Network, seededRandom, splitOff } from '@kiroku/example-learning'
import { init } from '@kiroku/sdk'

/** One process of several: it holds back one part of the data and learns from the others. */
const { values } = parseArgs({
  options: {
    fold: { type: 'string', default: '0' },
    folds: { type: 'string', default: '3' },
    group: { type: 'string', default: 'folds' },
    shared: { type: 'string' },
  },
})
const fold = Number(values.fold)
const isShared = values.shared !== undefined
const run = init({
  project: 'group',
  tags: 'example',
  // One run for all, by its id, or one run each in a group.
  ...(isShared
    ? { id: values.shared, shared: true, label: `fold-${fold}` }
    : { group: values.group, jobType: 'fold', name: `fold ${fold}`, config: { fold } }),
})
const metric = (name: string): string => (isShared ? `${name}/fold-${fold}` : name)

const { held, rest } = splitOff(halfCircles(600, { random: seededRandom(1) }), fold, Number(values.folds))
const network = new Network({ hidden: 12, random: seededRandom(fold + 2) })
for (let epoch = 1; epoch <= 30; epoch++) {
  for (let from = 0; from < rest.count; from += 20)
    network.learn(rest, { from, to: Math.min(rest.count, from + 20), learningRate: 0.3 })
  const { loss, accuracy } = network.score(held)
  run.log({ [metric('epoch')]: epoch, [metric('val_loss')]: loss, [metric('val_accuracy')]: accuracy })
}
await run.finish()
process.stdout.write(`${JSON.stringify(network.score(held).accuracy)}\n`)
