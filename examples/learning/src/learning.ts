/** Points in the plane, `x` and `y` one after the other, and the half circle that each was drawn from: 0 or 1. */
export type Points = { count: number; places: Float64Array; labels: Uint8Array }

/** A generator of numbers in [0, 1) that gives the same ones for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** Draws points of two interleaved half circles of radius 1, moved by up to `noise`. */
export function halfCircles(count: number, { random, noise = 0.3 }: { random: () => number; noise?: number }): Points {
  const places = new Float64Array(2 * count)
  const labels = new Uint8Array(count)
  for (let point = 0; point < count; point++) {
    const label = random() < 0.5 ? 0 : 1
    const angle = Math.PI * random()
    const moved = (): number => noise * (2 * random() - 1)
    places[2 * point] = (label === 0 ? Math.cos(angle) : 1 - Math.cos(angle)) + moved()
    places[2 * point + 1] = (label === 0 ? Math.sin(angle) : 0.5 - Math.sin(angle)) + moved()
    labels[point] = label
  }
  return { count, places, labels }
}

/** One part of `parts` of the points, and all the others. */
export function splitOff(points: Points, part: number, parts: number): { held: Points; rest: Points } {
  const indices = Array.from({ length: points.count }, (_, index) => index)
  return {
    held: pick(
      points,
      indices.filter((index) => index % parts === part),
    ),
    rest: pick(
      points,
      indices.filter((index) => index % parts !== part),
    ),
  }
}

function pick({ places, labels }: Points, indices: readonly number[]): Points {
  return {
    count: indices.length,
    places: Float64Array.from(indices.flatMap((index) => [places[2 * index] ?? 0, places[2 * index + 1] ?? 0])),
    labels: Uint8Array.from(indices, (index) => labels[index] ?? 0),
  }
}

/** How well points are told apart: the mean cross entropy in nats, and the share that is right. */
export type Score = { loss: number; accuracy: number }

/** A network with one hidden layer of tanh units that tells two kinds of points apart. Learns by gradient descent. */
export class Network {
  /** All its numbers: four a hidden unit (two weights, a bias, the weight of its output), then the output's bias. */
  readonly weights: Float64Array
  readonly #hidden: number
  readonly #units: Float64Array
  readonly #gradients: Float64Array

  constructor({ hidden, random }: { hidden: number; random: () => number }) {
    this.#hidden = hidden
    this.#units = new Float64Array(hidden)
    this.weights = Float64Array.from({ length: 4 * hidden + 1 }, () => 2 * random() - 1)
    this.#gradients = new Float64Array(this.weights.length)
  }

  /** The probability that a point is of the second kind. */
  predict(x: number, y: number): number {
    let output = this.weights[4 * this.#hidden] ?? 0
    for (let unit = 0; unit < this.#hidden; unit++) {
      const value = Math.tanh(this.#weight(unit, 0) * x + this.#weight(unit, 1) * y + this.#weight(unit, 2))
      this.#units[unit] = value
      output += value * this.#weight(unit, 3)
    }
    return 1 / (1 + Math.exp(-output))
  }

  /** Learns from the points from index `from` up to `to`, in one step. Answers how well it did before. */
  learn(points: Points, { from, to, learningRate }: { from: number; to: number; learningRate: number }): Score {
    this.#gradients.fill(0)
    const score = this.#visit(points, from, to, (x, y, error) => {
      for (let unit = 0; unit < this.#hidden; unit++) {
        const value = this.#units[unit] ?? 0
        const inner = error * this.#weight(unit, 3) * (1 - value * value)
        this.#add(4 * unit, inner * x)
        this.#add(4 * unit + 1, inner * y)
        this.#add(4 * unit + 2, inner)
        this.#add(4 * unit + 3, error * value)
      }
      this.#add(4 * this.#hidden, error)
    })
    this.#gradients.forEach((gradient, index) => {
      this.weights[index] = (this.weights[index] ?? 0) - (learningRate * gradient) / (to - from)
    })
    return score
  }

  /** How well it tells all the points apart. */
  score(points: Points): Score {
    return this.#visit(points, 0, points.count, () => {})
  }

  #visit(
    { places, labels }: Points,
    from: number,
    to: number,
    take: (x: number, y: number, error: number) => void,
  ): Score {
    let loss = 0
    let right = 0
    for (let point = from; point < to; point++) {
      const [x = 0, y = 0] = [places[2 * point], places[2 * point + 1]]
      const label = labels[point] ?? 0
      const guess = this.predict(x, y)
      loss -= Math.log(Math.max(label === 1 ? guess : 1 - guess, 1e-12))
      if (guess >= 0.5 === (label === 1)) right++
      take(x, y, guess - label)
    }
    return { loss: loss / (to - from), accuracy: right / (to - from) }
  }

  #weight(unit: number, part: number): number {
    return this.weights[4 * unit + part] ?? 0
  }

  #add(index: number, more: number): void {
    this.#gradients[index] = (this.#gradients[index] ?? 0) + more
  }
}
