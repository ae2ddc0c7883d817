import { describe, expect, it } from 'vitest'
import { halfCircles, Network, seededRandom, splitOff } from './learning.ts'

describe('the network', () => {
  it('learns to tell the half circles apart, the same from the same seed', () => {
    const train = (): number[] => {
      const random = seededRandom(1)
      const { held, rest } = splitOff(halfCircles(500, { random }), 0, 5)
      const network = new Network({ hidden: 12, random })
      expect([held.count, rest.count]).toEqual([100, 400])
      for (let epoch = 0; epoch < 60; epoch++) {
        for (let from = 0; from < rest.count; from += 20)
          network.learn(rest, { from, to: from + 20, learningRate: 0.3 })
      }
      expect(network.score(held).accuracy).toBeGreaterThan(0.9)
      return [...network.weights]
    }
    expect(train()).toEqual(train())
  })

  it('goes down the slope that its loss has', () => {
    const random = seededRandom(3)
    const points = halfCircles(40, { random })
    const network = new Network({ hidden: 5, random })
    const before = [...network.weights]
    const slopes = before.map((weight, index) => {
      const lossAt = (value: number): number => {
        network.weights[index] = value
        const { loss } = network.score(points)
        network.weights[index] = weight
        return loss
      }
      return (lossAt(weight + 1e-6) - lossAt(weight - 1e-6)) / 2e-6
    })
    network.learn(points, { from: 0, to: 40, learningRate: 1 })
    before.forEach((weight, index) => {
      expect(weight - (network.weights[index] ?? Number.NaN)).toBeCloseTo(slopes[index] ?? Number.NaN, 6)
    })
  })
})
