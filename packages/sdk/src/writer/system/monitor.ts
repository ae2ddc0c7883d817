import type { SystemSample } from './sample.ts'
import { type SamplerOptions, SystemSampler } from './sampler.ts'
import { StatsWindow } from './stats-window.ts'

/** How a run wants the machine watched: a look every `sampleMs`, of which each `windowMs` is published as one row. */
export type WatchOptions = SamplerOptions & { sampleMs: number; windowMs: number }

/** One run's view of the machine. */
export type Watch = {
  /** Takes a last look, publishes the window so far and ends. */
  close(): void
}

type Watched = { sampler: SystemSampler; sampleMs: number; nextAt: number; watches: Set<RunWatch> }

/** Watches the machine for all runs of a process; runs that want the same share one look. */
export class SystemMonitor {
  readonly #watched = new Map<string, Watched>()

  /** Begins to watch for a run. `publish` gets the values of each window. */
  watch(options: WatchOptions, publish: (values: ReadonlyMap<string, number>) => void): Watch {
    const watched = this.#watchedFor(options)
    const watch = new RunWatch(new StatsWindow(options.windowMs, performance.now()), publish, () => {
      take(watched, watched.sampler.sample())
      watched.watches.delete(watch)
      if (watched.watches.size === 0) this.#watched.delete(keyOf(options))
    })
    watched.watches.add(watch)
    return watch
  }

  /** Looks if it is time to, and publishes the windows that are over. */
  tick(now: number): void {
    for (const watched of this.#watched.values()) {
      if (now >= watched.nextAt) {
        watched.nextAt = Math.max(watched.nextAt + watched.sampleMs, now)
        take(watched, watched.sampler.sample())
        watched.sampler.ask()
      }
      for (const watch of watched.watches) watch.tick(now)
    }
  }

  #watchedFor(options: WatchOptions): Watched {
    const key = keyOf(options)
    const known = this.#watched.get(key)
    if (known !== undefined) return known
    const sampler = new SystemSampler(options, (sample) => take(watched, sample))
    const watched: Watched = { sampler, sampleMs: options.sampleMs, nextAt: 0, watches: new Set() }
    watched.nextAt = performance.now()
    this.#watched.set(key, watched)
    return watched
  }
}

function keyOf({ sampleMs, diskPaths, gpuDeviceIds, processTree, usesCgroup, roots }: WatchOptions): string {
  return JSON.stringify([sampleMs, diskPaths, gpuDeviceIds, processTree, usesCgroup, roots])
}

function take({ watches }: Watched, sample: SystemSample): void {
  for (const watch of watches) watch.take(sample)
}

class RunWatch implements Watch {
  readonly #window: StatsWindow
  readonly #publish: (values: ReadonlyMap<string, number>) => void
  readonly #onClose: () => void

  constructor(window: StatsWindow, publish: (values: ReadonlyMap<string, number>) => void, onClose: () => void) {
    this.#window = window
    this.#publish = publish
    this.#onClose = onClose
  }

  take(sample: SystemSample): void {
    this.#window.add(sample)
  }

  tick(now: number): void {
    const values = this.#window.due(now)
    if (values !== undefined && values.size > 0) this.#publish(values)
  }

  close(): void {
    this.#onClose()
    const values = this.#window.close()
    if (values.size > 0) this.#publish(values)
  }
}
