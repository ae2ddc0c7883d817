import { randomNumbers } from '../statistics.mjs'

const spikeEvery = 50_000

/**
 * The values of a run's loss, one a step, the same in every process: a noisy decay with a high and a low spike of one
 * step in every `spikeEvery`, which is what a sampled chart loses.
 */
export function lossOf(run, steps) {
  const random = randomNumbers(run + 1)
  const values = new Float64Array(steps)
  for (let step = 0; step < steps; step++) values[step] = Math.exp(-step / 3e5) + random() / 10
  for (let from = 0; from < steps; from += spikeEvery) {
    const extent = Math.min(spikeEvery, steps - from)
    values[from + Math.floor(random() * extent)] = 5 + random()
    values[from + Math.floor(random() * extent)] = -5 - random()
  }
  return values
}

/** Unix milliseconds of a step. */
export const timeOf = (step) => 1.7e12 + step * 50
