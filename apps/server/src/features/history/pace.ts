const shortestMs = 200
const longestMs = 15_000
/** How many batches a second all writers together may send. */
const batchesPerSecond = 500
const windowMs = 30_000

/** How far apart writers should send their batches. */
export type Pace = {
  /** Counts a batch of a writer; answers in how many milliseconds its next one may come. */
  next(writerId: string): number
}

/** 200 ms between two batches of a writer while few write, up to 15 s when thousands do. */
export function createPace(now: () => number = Date.now): Pace {
  let recent = new Set<string>()
  let before = new Set<string>()
  let since = now()
  return {
    next(writerId) {
      if (now() - since > windowMs) {
        before = recent
        recent = new Set()
        since = now()
      }
      recent.add(writerId)
      const writers = Math.max(recent.size, before.size)
      return Math.min(longestMs, Math.max(shortestMs, Math.ceil((writers * 1000) / batchesPerSecond)))
    },
  }
}
