import { parseArgs } from 'node:util'
import { init, metric } from '@kiroku/sdk'
import * as z from 'zod'
import { loadDigits, splitDigits } from './digits.ts'
import { Network } from './network.ts'
import { seededRandom } from './random.ts'
import { evaluate, train } from './training.ts'

const { values: flags } = parseArgs({
  options: { epochs: { type: 'string' }, seed: { type: 'string' }, name: { type: 'string' } },
})

await using run = init({
  project: 'mnist',
  name: flags.name,
  tags: ['example'],
  config: {
    schema: z.object({
      epochs: z.coerce.number().int().positive().default(8),
      seed: z.coerce.number().int().nonnegative().default(1),
      batchSize: z.number().int().positive().default(16),
      learningRate: z.number().positive().default(0.002),
      filters: z.number().int().positive().default(8),
      hidden: z.number().int().positive().default(32),
    }),
    values: { epochs: flags.epochs, seed: flags.seed },
  },
  metrics: {
    batch: metric(),
    epoch: metric(),
    'train/loss': metric({ step: 'batch', goal: 'minimize', unit: 'nats', summary: ['min', 'last'] }),
    'train/accuracy': metric({ step: 'batch', goal: 'maximize' }),
    'train/learning_rate': metric({ step: 'batch' }),
    'val/loss': metric({ step: 'epoch', goal: 'minimize', unit: 'nats', summary: ['min', 'last'] }),
    'val/accuracy': metric({ step: 'epoch', goal: 'maximize', summary: ['max', 'last'] }),
    test_accuracy: metric({ goal: 'maximize' }),
  },
})

const { config } = run
const random = seededRandom(config.seed)
const digits = splitDigits(loadDigits(), { validation: 1000, test: 1000 }, random)
const network = new Network({ filters: config.filters, hidden: config.hidden, random })

// The training holds the thread from here to its end: nothing of it waits for the network or the disk.
train(network, digits.train, {
  ...config,
  random,
  onBatch: (batch, { loss, accuracy, learningRate }) => {
    run.log({ batch, 'train/loss': loss, 'train/accuracy': accuracy, 'train/learning_rate': learningRate })
  },
  onEpoch: (epoch) => {
    const score = evaluate(network, digits.validation)
    run.log({ epoch, 'val/loss': score.loss, 'val/accuracy': score.accuracy })
    console.log(`epoch ${epoch}/${config.epochs}  validation accuracy ${(100 * score.accuracy).toFixed(1)} %`)
  },
})

const { accuracy } = evaluate(network, digits.test)
run.log({ test_accuracy: accuracy })
console.log(`test accuracy ${(100 * accuracy).toFixed(1)} %`)
