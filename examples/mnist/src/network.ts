import { imageSize } from './digits.ts'
import { normal } from './random.ts'

/** Trainable numbers and, beside each, the gradient that was gathered for it. */
export type Parameter = { values: Float32Array; gradients: Float32Array }

const kernelSize = 5
const kernelArea = kernelSize * kernelSize
const mapSize = imageSize - kernelSize + 1
const mapArea = mapSize * mapSize
const pooledSize = mapSize / 2
const pooledArea = pooledSize * pooledSize
const classes = 10

/**
 * A small convolutional network for 28 x 28 pictures: 5 x 5 filters, ReLU, 2 x 2 max pooling, a hidden layer with ReLU,
 * ten logits. One picture at a time; gradients add up until `Adam.step` takes them.
 */
export class Network {
  readonly parameters: Parameter[]
  readonly #filters: number
  readonly #hidden: number
  readonly #kernels: Parameter
  readonly #kernelBias: Parameter
  readonly #dense: Parameter
  readonly #denseBias: Parameter
  readonly #output: Parameter
  readonly #outputBias: Parameter
  readonly #maps: Float32Array
  readonly #mapGradients: Float32Array
  readonly #pooled: Float32Array
  readonly #pooledGradients: Float32Array
  readonly #pooledFrom: Uint32Array
  readonly #features: Float32Array
  readonly #probabilities: Float32Array

  constructor({ filters, hidden, random }: { filters: number; hidden: number; random: () => number }) {
    const inputs = filters * pooledArea
    this.#filters = filters
    this.#hidden = hidden
    this.#kernels = drawn(filters * kernelArea, kernelArea, random)
    this.#kernelBias = zeros(filters)
    this.#dense = drawn(hidden * inputs, inputs, random)
    this.#denseBias = zeros(hidden)
    this.#output = drawn(classes * hidden, hidden, random)
    this.#outputBias = zeros(classes)
    this.parameters = [this.#kernels, this.#kernelBias, this.#dense, this.#denseBias, this.#output, this.#outputBias]
    this.#maps = new Float32Array(filters * mapArea)
    this.#mapGradients = new Float32Array(filters * mapArea)
    this.#pooled = new Float32Array(inputs)
    this.#pooledGradients = new Float32Array(inputs)
    this.#pooledFrom = new Uint32Array(inputs)
    this.#features = new Float32Array(hidden)
    this.#probabilities = new Float32Array(classes)
  }

  /** The probability of each digit for the picture that begins at `offset`. The answer is overwritten by the next call. */
  predict(images: Float32Array, offset: number): Float32Array {
    this.#convolve(images, offset)
    this.#pool()
    affine(this.#dense, this.#denseBias, this.#pooled, this.#features)
    rectify(this.#features)
    affine(this.#output, this.#outputBias, this.#features, this.#probabilities)
    softmax(this.#probabilities)
    return this.#probabilities
  }

  /** Predicts, and adds the gradient of the cross entropy. Answers the loss in nats and whether the guess was right. */
  learn(images: Float32Array, offset: number, label: number): { loss: number; isRight: boolean } {
    const probabilities = this.predict(images, offset)
    const outcome = judge(probabilities, label)
    const outputGradients = probabilities.map((probability, digit) => probability - (digit === label ? 1 : 0))
    const featureGradients = new Float32Array(this.#hidden)
    affineBackward(this.#output, this.#outputBias, this.#features, outputGradients, featureGradients)
    gate(featureGradients, this.#features)
    this.#pooledGradients.fill(0)
    affineBackward(this.#dense, this.#denseBias, this.#pooled, featureGradients, this.#pooledGradients)
    this.#convolveBackward(images, offset)
    return outcome
  }

  #convolve(images: Float32Array, offset: number): void {
    for (let filter = 0; filter < this.#filters; filter++) {
      const map = filter * mapArea
      this.#maps.fill(this.#kernelBias.values[filter] ?? 0, map, map + mapArea)
      for (let tap = 0; tap < kernelArea; tap++) {
        const weight = this.#kernels.values[filter * kernelArea + tap] ?? 0
        const from = offset + Math.floor(tap / kernelSize) * imageSize + (tap % kernelSize)
        for (let row = 0; row < mapSize; row++) {
          addScaled(weight, images, from + row * imageSize, this.#maps, map + row * mapSize, mapSize)
        }
      }
    }
  }

  #pool(): void {
    for (let cell = 0; cell < this.#pooled.length; cell++) {
      const map = Math.floor(cell / pooledArea)
      const row = Math.floor((cell % pooledArea) / pooledSize)
      const first = map * mapArea + row * 2 * mapSize + (cell % pooledSize) * 2
      let best = first
      for (const at of [first + 1, first + mapSize, first + mapSize + 1]) {
        if ((this.#maps[at] ?? 0) > (this.#maps[best] ?? 0)) best = at
      }
      this.#pooledFrom[cell] = best
      this.#pooled[cell] = Math.max(0, this.#maps[best] ?? 0)
    }
  }

  #convolveBackward(images: Float32Array, offset: number): void {
    gate(this.#pooledGradients, this.#pooled)
    this.#mapGradients.fill(0)
    this.#pooledFrom.forEach((at, cell) => {
      this.#mapGradients[at] = this.#pooledGradients[cell] ?? 0
    })
    for (let filter = 0; filter < this.#filters; filter++) {
      const map = filter * mapArea
      add(this.#kernelBias.gradients, filter, sum(this.#mapGradients, map, mapArea))
      for (let tap = 0; tap < kernelArea; tap++) {
        const from = offset + Math.floor(tap / kernelSize) * imageSize + (tap % kernelSize)
        let gradient = 0
        for (let row = 0; row < mapSize; row++) {
          gradient += dot(this.#mapGradients, map + row * mapSize, images, from + row * imageSize, mapSize)
        }
        add(this.#kernels.gradients, filter * kernelArea + tap, gradient)
      }
    }
  }
}

/** The loss in nats of a prediction, and whether its likeliest digit is the label. */
export function judge(probabilities: Float32Array, label: number): { loss: number; isRight: boolean } {
  const right = probabilities[label] ?? 0
  return { loss: -Math.log(Math.max(right, 1e-12)), isRight: probabilities.every((other) => other <= right) }
}

function zeros(length: number): Parameter {
  return { values: new Float32Array(length), gradients: new Float32Array(length) }
}

/** He initialization: normal with variance `2 / inputs`, which keeps the signal's size through ReLU layers. */
function drawn(length: number, inputs: number, random: () => number): Parameter {
  const scale = Math.sqrt(2 / inputs)
  return {
    values: Float32Array.from({ length }, () => scale * normal(random)),
    gradients: new Float32Array(length),
  }
}

function affine(weights: Parameter, bias: Parameter, input: Float32Array, output: Float32Array): void {
  for (let row = 0; row < output.length; row++) {
    output[row] = (bias.values[row] ?? 0) + dot(weights.values, row * input.length, input, 0, input.length)
  }
}

function affineBackward(
  weights: Parameter,
  bias: Parameter,
  input: Float32Array,
  outputGradients: Float32Array,
  inputGradients: Float32Array,
): void {
  outputGradients.forEach((gradient, row) => {
    if (gradient === 0) return
    add(bias.gradients, row, gradient)
    addScaled(gradient, input, 0, weights.gradients, row * input.length, input.length)
    addScaled(gradient, weights.values, row * input.length, inputGradients, 0, input.length)
  })
}

function rectify(values: Float32Array): void {
  for (let index = 0; index < values.length; index++) values[index] = Math.max(0, values[index] ?? 0)
}

/** Stops the gradient where the ReLU's output is 0. */
function gate(gradients: Float32Array, outputs: Float32Array): void {
  for (let index = 0; index < gradients.length; index++) if (outputs[index] === 0) gradients[index] = 0
}

function softmax(logits: Float32Array): void {
  const highest = logits.reduce((best, logit) => Math.max(best, logit), Number.NEGATIVE_INFINITY)
  logits.forEach((logit, index) => {
    logits[index] = Math.exp(logit - highest)
  })
  const total = sum(logits, 0, logits.length)
  logits.forEach((power, index) => {
    logits[index] = power / total
  })
}

function add(values: Float32Array, index: number, more: number): void {
  values[index] = (values[index] ?? 0) + more
}

function sum(values: Float32Array, start: number, length: number): number {
  let total = 0
  for (let index = start; index < start + length; index++) total += values[index] ?? 0
  return total
}

function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  let total = 0
  for (let index = 0; index < length; index++) total += (a[aStart + index] ?? 0) * (b[bStart + index] ?? 0)
  return total
}

/** `y += scale * x` over `length` numbers. */
function addScaled(
  scale: number,
  x: Float32Array,
  xStart: number,
  y: Float32Array,
  yStart: number,
  length: number,
): void {
  for (let index = 0; index < length; index++) {
    y[yStart + index] = (y[yStart + index] ?? 0) + scale * (x[xStart + index] ?? 0)
  }
}
