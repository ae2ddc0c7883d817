/** Figures, and when they were counted, in unix milliseconds. */
export type Counted<T> = { figures: T; countedAt: number }

const keptMs = 60_000
/** Counting takes at most one part in so many of the time. */
const share = 20
const maxKept = 100

/**
 * Counts what is asked for and keeps it for a minute, or longer where counting takes long. Who asks while the same is being
 * counted waits for that.
 */
export function createKeptFigures<T>(now: () => number = Date.now): {
  get(key: string, count: () => Promise<T>): Promise<Counted<T>>
} {
  const kept = new Map<string, { until: number; counted: Promise<Counted<T>> }>()
  return {
    get(key, count) {
      const known = kept.get(key)
      if (known && known.until > now()) return known.counted
      if (kept.size >= maxKept) kept.clear()
      const countedAt = now()
      const counted = count().then((figures) => ({ figures, countedAt }))
      const entry = { until: Number.POSITIVE_INFINITY, counted }
      kept.delete(key)
      kept.set(key, entry)
      counted.then(
        () => {
          entry.until = now() + Math.max(keptMs, share * (now() - countedAt))
        },
        () => {
          if (kept.get(key) === entry) kept.delete(key)
        },
      )
      return counted
    },
  }
}
