import type { Parameter } from './network.ts'

type Moments = { first: Float32Array; second: Float32Array }

/** Adam (Kingma and Ba, 2015) with its usual decay rates. */
export class Adam {
  readonly #parameters: readonly Parameter[]
  readonly #moments: Moments[]
  #steps = 0

  constructor(parameters: readonly Parameter[]) {
    this.#parameters = parameters
    this.#moments = parameters.map(({ values }) => ({
      first: new Float32Array(values.length),
      second: new Float32Array(values.length),
    }))
  }

  /** Moves every parameter along the mean of the gradients of `batchSize` pictures, and forgets them. */
  step(learningRate: number, batchSize: number): void {
    this.#steps++
    const rate = (learningRate * Math.sqrt(1 - 0.999 ** this.#steps)) / (1 - 0.9 ** this.#steps)
    this.#parameters.forEach((parameter, index) => {
      const moments = this.#moments[index]
      if (moments !== undefined) move(parameter, moments, rate, batchSize)
    })
  }
}

function move({ values, gradients }: Parameter, { first, second }: Moments, rate: number, batchSize: number): void {
  for (let index = 0; index < values.length; index++) {
    const gradient = (gradients[index] ?? 0) / batchSize
    const mean = 0.9 * (first[index] ?? 0) + 0.1 * gradient
    const variance = 0.999 * (second[index] ?? 0) + 0.001 * gradient * gradient
    first[index] = mean
    second[index] = variance
    values[index] = (values[index] ?? 0) - (rate * mean) / (Math.sqrt(variance) + 1e-8)
  }
  gradients.fill(0)
}
