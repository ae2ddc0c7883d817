type Purge = { position: number; step: number }

/**
 * What a restart takes back, as TensorBoard does it: a session that starts at a step takes back everything at that step and
 * beyond that came before. Files of the first version (and those that name none) have no sessions: there an event whose step is
 * below the highest so far takes back its own tags alone. All is gathered first, then asked for in the same order.
 */
export class Purges {
  readonly #all: Purge[] = []
  readonly #byTag = new Map<string, Purge[]>()
  readonly #cursors = new Map<readonly Purge[], number>()
  #fileVersion = 0
  #mostRecentStep = Number.NEGATIVE_INFINITY

  /** Takes an event in; `position` rises by one from event to event. */
  gather(
    position: number,
    event: { step: number; fileVersion: string | null; isSessionStart: boolean; hasSummary: boolean; tags: string[] },
  ): void {
    const version = event.fileVersion === null ? null : /^brain\.Event:(\d+)/.exec(event.fileVersion)
    if (version) this.#fileVersion = Number(version[1])
    const purge = { position, step: event.step }
    if (this.#fileVersion >= 2) {
      if (event.isSessionStart) this.#all.push(purge)
    } else if (event.step < this.#mostRecentStep && event.hasSummary) {
      for (const tag of event.tags) {
        const purges = this.#byTag.get(tag) ?? []
        purges.push({ ...purge })
        this.#byTag.set(tag, purges)
      }
    } else this.#mostRecentStep = event.step
  }

  /** Ends the gathering: from now on each purge holds the lowest step of itself and those that follow. */
  close(): void {
    for (const purges of [this.#all, ...this.#byTag.values()]) {
      let lowest = Number.POSITIVE_INFINITY
      for (const purge of purges.toReversed()) {
        lowest = Math.min(lowest, purge.step)
        purge.step = lowest
      }
    }
  }

  /** Whether a later event takes a value back. To be asked in the order of positions. */
  isTakenBack(position: number, step: number, tag: string): boolean {
    const isPast = (purges: readonly Purge[]): boolean => {
      let cursor = this.#cursors.get(purges) ?? 0
      while ((purges[cursor]?.position ?? Number.POSITIVE_INFINITY) <= position) cursor++
      this.#cursors.set(purges, cursor)
      return step >= (purges[cursor]?.step ?? Number.POSITIVE_INFINITY)
    }
    const own = this.#byTag.get(tag)
    return isPast(this.#all) || (own !== undefined && isPast(own))
  }
}
