import { type Digits, loadDigits, splitDigits } from '@kiroku/example-mnist/digits'
import { seededRandom, shuffledIndices } from '@kiroku/example-mnist/random'

/** Handwritten digits, fewer than there are so that a script takes seconds; the same for the same seed. */
export function loadData(seed: number): { train: Digits; validation: Digits; test: Digits } {
  const { train, validation, test } = splitDigits(loadDigits(), { validation: 500, test: 500 }, seededRandom(seed))
  return { train: { ...train, count: 2000 }, validation, test }
}

/** The batches of one epoch, in a random order. */
export function* batches(count: number, size: number, random: () => number): Generator<Uint32Array> {
  const order = shuffledIndices(count, random)
  for (let from = 0; from + size <= count; from += size) yield order.subarray(from, from + size)
}
