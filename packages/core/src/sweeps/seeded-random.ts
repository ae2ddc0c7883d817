/** Numbers of 0 (inclusive) to 1 (exclusive) that follow from a seed alone: the same seed, the same numbers. */
export type SeededRandom = () => number

/**
 * A stream of numbers for one place of a seed: streams of other places are independent. SplitMix32 over a mixed state.
 */
export function seededRandom(seed: number, place = 0): SeededRandom {
  let state = mix((seed >>> 0) ^ mix(place + 0x9e3779b9))
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    // 53 bits of two draws, so that fine distributions have no steps.
    const high = mix(state) >>> 5
    state = (state + 0x9e3779b9) >>> 0
    const low = mix(state) >>> 6
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }
}

function mix(value: number): number {
  let mixed = value >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
