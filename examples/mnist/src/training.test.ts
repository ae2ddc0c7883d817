import { describe, expect, it } from 'vitest'
import { loadDigits, pixels, splitDigits } from './digits.ts'
import { Network } from './network.ts'
import { seededRandom, shuffledIndices } from './random.ts'
import { evaluate, train } from './training.ts'

const digits = loadDigits()

describe('digits', () => {
  it('are ten thousand pictures in grey, of all ten classes', () => {
    expect(digits.count).toBeGreaterThanOrEqual(10_000)
    expect(digits.images.length).toBe(digits.count * pixels)
    expect(new Set(digits.labels).size).toBe(10)
    expect(digits.images.every((grey) => grey >= 0 && grey <= 1)).toBe(true)
  })

  it('are split into parts that have every picture once, the same for the same seed', () => {
    const sizes = { validation: 100, test: 200 }
    const parts = splitDigits(digits, sizes, seededRandom(1))
    expect(parts.train.count + 300).toBe(digits.count)
    const labels = [...parts.train.labels, ...parts.validation.labels, ...parts.test.labels]
    expect(labels.sort()).toEqual([...digits.labels].sort())
    expect(splitDigits(digits, sizes, seededRandom(1)).test.labels).toEqual(parts.test.labels)
    expect(splitDigits(digits, sizes, seededRandom(2)).test.labels).not.toEqual(parts.test.labels)
  })
})

describe('shuffledIndices', () => {
  it('has every index once', () => {
    expect([...shuffledIndices(1000, seededRandom(3))].sort((a, b) => a - b)).toEqual([...Array(1000).keys()])
  })
})

describe('Network', () => {
  it('gathers the gradient that small changes of the parameters show', () => {
    const network = new Network({ filters: 2, hidden: 8, random: seededRandom(4) })
    // Blank paper under a bias of 0 sits on the ReLU's corner, where there is no gradient to compare with.
    for (const { values } of network.parameters) if (values.every((value) => value === 0)) values.fill(0.05)
    const offset = 5000 * pixels
    const label = digits.labels[5000] ?? 0
    const lossNow = (): number => -Math.log(network.predict(digits.images, offset)[label] ?? 0)
    network.learn(digits.images, offset, label)
    for (const { values, gradients } of network.parameters) {
      const steepest = gradients.reduce(
        (best, each, index) => (Math.abs(each) > Math.abs(gradients[best] ?? 0) ? index : best),
        0,
      )
      const value = values[steepest] ?? 0
      const nudge = 1e-3
      values[steepest] = value + nudge
      const above = lossNow()
      values[steepest] = value - nudge
      const below = lossNow()
      values[steepest] = value
      const seen = (above - below) / (2 * nudge)
      expect(Math.abs(seen - (gradients[steepest] ?? 0))).toBeLessThan(0.02 * Math.abs(seen) + 1e-3)
    }
  })

  it('learns, and learns the same again from the same seed', () => {
    const { train: all, test } = splitDigits(digits, { validation: 0, test: 300 }, seededRandom(5))
    const few = { count: 1500, images: all.images.subarray(0, 1500 * pixels), labels: all.labels.subarray(0, 1500) }
    const run = (): number[] => {
      const network = new Network({ filters: 4, hidden: 16, random: seededRandom(6) })
      const losses: number[] = []
      const epochs: number[] = []
      train(network, few, {
        epochs: 2,
        batchSize: 20,
        learningRate: 0.004,
        random: seededRandom(7),
        onBatch: (_batch, { loss }) => losses.push(loss),
        onEpoch: (epoch) => epochs.push(epoch),
      })
      expect(epochs).toEqual([1, 2])
      expect(evaluate(network, test).accuracy).toBeGreaterThan(0.7)
      return losses
    }
    const losses = run()
    expect(losses).toHaveLength(150)
    expect(run()).toEqual(losses)
  })
})
