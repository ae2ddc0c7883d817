import { Adam } from './adam.ts'
import { type Digits, pixels } from './digits.ts'
import { judge, type Network } from './network.ts'
import { shuffledIndices } from './random.ts'

/** Mean cross entropy in nats, and the share of right guesses from 0 to 1. */
export type Score = { loss: number; accuracy: number }

export type TrainingOptions = {
  epochs: number
  batchSize: number
  /** The first learning rate; it falls to zero along half a cosine. */
  learningRate: number
  random: () => number
  /** Called after each batch; batches are counted from 1 over all epochs. */
  onBatch(batch: number, score: Score & { learningRate: number }): void
  /** Called after each epoch, counted from 1. */
  onEpoch(epoch: number): void
}

/** Trains on all digits `epochs` times, each time in another order. A batch that is not full is left out. */
export function train(network: Network, digits: Digits, options: TrainingOptions): void {
  const { epochs, batchSize, random } = options
  const optimizer = new Adam(network.parameters)
  const batchesPerEpoch = Math.floor(digits.count / batchSize)
  let batch = 0
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffledIndices(digits.count, random)
    for (let start = 0; start + batchSize <= digits.count; start += batchSize) {
      const progress = batch / (epochs * batchesPerEpoch)
      const learningRate = (options.learningRate * (1 + Math.cos(Math.PI * progress))) / 2
      const score = learnBatch(network, digits, order.subarray(start, start + batchSize))
      optimizer.step(learningRate, batchSize)
      options.onBatch(++batch, { ...score, learningRate })
    }
    options.onEpoch(epoch)
  }
}

function learnBatch(network: Network, digits: Digits, indices: Uint32Array): Score {
  return meanScore(indices.length, (each) => {
    const index = indices[each] ?? 0
    return network.learn(digits.images, index * pixels, digits.labels[index] ?? 0)
  })
}

/** How well the network does on digits, without learning from them. */
export function evaluate(network: Network, digits: Digits): Score {
  return meanScore(digits.count, (index) =>
    judge(network.predict(digits.images, index * pixels), digits.labels[index] ?? 0),
  )
}

function meanScore(count: number, judgeOne: (index: number) => { loss: number; isRight: boolean }): Score {
  let loss = 0
  let right = 0
  for (let index = 0; index < count; index++) {
    const outcome = judgeOne(index)
    loss += outcome.loss
    if (outcome.isRight) right++
  }
  return { loss: loss / count, accuracy: right / count }
}
