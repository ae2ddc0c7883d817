/** The value that a share of the sorted values lies at or below. */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]
}

/** The middle value. */
export function median(values) {
  return quantile(values, 0.5)
}

/** Milliseconds that a promise takes. */
export async function milliseconds(work) {
  const before = performance.now()
  await work()
  return performance.now() - before
}

/** Random numbers that are the same in every run: mulberry32. */
export function randomNumbers(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
