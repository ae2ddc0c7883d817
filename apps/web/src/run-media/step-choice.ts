/** The place of the step to show: the latest unless the reader holds one, then that or the last one before it. */
export function shownIndex(steps: readonly number[], held: number | undefined): number {
  if (held === undefined) return steps.length - 1
  const after = steps.findIndex((step) => step > held)
  return after < 0 ? steps.length - 1 : Math.max(0, after - 1)
}

/** What a reader holds who moved to a place: nothing at the end, where what comes is followed. */
export function heldAt(steps: readonly number[], index: number): number | undefined {
  return index >= steps.length - 1 ? undefined : steps[Math.max(0, index)]
}
