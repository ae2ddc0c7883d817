/** Keeps a thing fresh without asking too often. */
export type RefreshGate = {
  /** Says that there is something new: runs at once, or as soon as the pace allows. */
  notify(): void
  /** Forgets what waits; a run under way goes on. */
  stop(): void
}

/**
 * Runs `refresh` for notices: the first at once, later ones `intervalMs` after the start of the run before and never
 * while it is under way. Any number of notices in between make one run. `refresh` must not reject.
 */
export function createRefreshGate(refresh: () => Promise<void>, intervalMs: number): RefreshGate {
  let isBusy = false
  let isStale = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = async (): Promise<void> => {
    isBusy = true
    isStale = false
    const startedAt = performance.now()
    await refresh()
    timer = setTimeout(
      () => {
        isBusy = false
        if (isStale) void run()
      },
      Math.max(0, intervalMs - (performance.now() - startedAt)),
    )
  }
  return {
    notify: () => {
      isStale = true
      if (!isBusy) void run()
    },
    stop: () => {
      isStale = false
      isBusy = false
      clearTimeout(timer)
    },
  }
}
