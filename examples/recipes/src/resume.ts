import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { seededRandom } from '@kiroku/example-mnist/random'
import { init } from '@kiroku/sdk'
import { batches, loadData } from './data.ts'
import { Softmax } from './softmax.ts'

// Goes on with a run after it ended: the first call trains from nothing, each later one with the same id goes on from the
// checkpoint, at the step after the last. `--test` only adds a result to the run that is there.
const { values: flags } = parseArgs({
  options: {
    id: { type: 'string', default: 'resumed' },
    checkpoint: { type: 'string', default: 'checkpoint.bin' },
    test: { type: 'boolean', default: false },
  },
})

await using run = init({
  project: 'recipes',
  id: flags.id,
  resume: flags.test ? 'must' : 'allow',
  ...(!flags.test && { name: 'resumed', config: { learningRate: 0.1, seed: 1 } }),
})
const { train, validation, test } = loadData(1)
const model = new Softmax(readCheckpoint(flags.checkpoint))

if (flags.test) {
  run.summary['test_accuracy'] = model.evaluate(test).accuracy
} else {
  console.log(run.isResumed ? `goes on at step ${run.step}` : 'begins')
  run.defineMetric('val/accuracy', { summary: ['max', 'last'], goal: 'maximize' })
  for (let epoch = 0; epoch < 2; epoch++) {
    const random = seededRandom(run.step)
    for (const indices of batches(train.count, 20, random)) model.learn(train, indices, { learningRate: 0.1 })
    const { loss, accuracy } = model.evaluate(validation)
    run.log({ 'val/loss': loss, 'val/accuracy': accuracy })
  }
  writeFileSync(flags.checkpoint, new Uint8Array(model.weights.buffer))
}

function readCheckpoint(path: string): Float32Array | undefined {
  if (!existsSync(path)) return undefined
  const bytes = readFileSync(path)
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
