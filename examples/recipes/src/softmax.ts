import type { Digits } from '@kiroku/example-mnist/digits'
import { pixels } from '@kiroku/example-mnist/digits'

const classes = 10

/** What a model makes of some digits: the mean cross-entropy in nats, and the share that it tells right. */
export type Score = { loss: number; accuracy: number }

/** Softmax regression: ten linear scores of the pixels, learned by gradient descent on the cross-entropy. */
export class Softmax {
  /** Row by row the weights of one class, its bias last. */
  readonly weights: Float32Array
  readonly #gradient: Float32Array
  readonly #scores = new Float64Array(classes)

  constructor(weights: Float32Array = new Float32Array(classes * (pixels + 1))) {
    this.weights = weights
    this.#gradient = new Float32Array(weights.length)
  }

  /** Learns from the digits of `indices`; `decay` pulls the weights to zero. Answers how it did on them before. */
  learn(
    digits: Digits,
    indices: Uint32Array,
    { learningRate, decay = 0 }: { learningRate: number; decay?: number },
  ): Score {
    this.#gradient.fill(0)
    const score = this.#score(digits, indices, true)
    const rate = learningRate / indices.length
    this.weights.forEach((weight, at) => {
      this.weights[at] = weight * (1 - learningRate * decay) - rate * (this.#gradient[at] ?? 0)
    })
    return score
  }

  /** How it does on digits, learning nothing. */
  evaluate(digits: Digits): Score {
    return this.#score(
      digits,
      Uint32Array.from({ length: digits.count }, (_, index) => index),
      false,
    )
  }

  #score({ images, labels }: Digits, indices: Uint32Array, learns: boolean): Score {
    let loss = 0
    let right = 0
    for (const index of indices) {
      const label = labels[index] ?? 0
      const from = index * pixels
      const guess = this.#predict(images, from)
      loss -= Math.log(Math.max(this.#scores[label] ?? 0, 1e-12))
      if (guess === label) right++
      if (learns) this.#addGradient(images, from, label)
    }
    return { loss: loss / indices.length, accuracy: right / indices.length }
  }

  /** Leaves the probability of each class in `#scores`; answers the most probable. */
  #predict(images: Float32Array, from: number): number {
    const scores = this.#scores
    for (let each = 0; each < classes; each++) {
      const row = each * (pixels + 1)
      let sum = this.weights[row + pixels] ?? 0
      for (let pixel = 0; pixel < pixels; pixel++) sum += (this.weights[row + pixel] ?? 0) * (images[from + pixel] ?? 0)
      scores[each] = sum
    }
    const highest = Math.max(...scores)
    const guess = scores.indexOf(highest)
    let total = 0
    for (let each = 0; each < classes; each++) total += scores[each] = Math.exp((scores[each] ?? 0) - highest)
    for (let each = 0; each < classes; each++) scores[each] = (scores[each] ?? 0) / total
    return guess
  }

  #addGradient(images: Float32Array, from: number, label: number): void {
    const gradient = this.#gradient
    for (let each = 0; each < classes; each++) {
      const error = (this.#scores[each] ?? 0) - (each === label ? 1 : 0)
      const row = each * (pixels + 1)
      for (let pixel = 0; pixel < pixels; pixel++)
        gradient[row + pixel] = (gradient[row + pixel] ?? 0) + error * (images[from + pixel] ?? 0)
      gradient[row + pixels] = (gradient[row + pixels] ?? 0) + error
    }
  }
}
