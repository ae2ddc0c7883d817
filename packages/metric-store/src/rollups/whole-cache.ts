import type { FieldName } from './bucket.ts'
import type { SeriesTraits } from './series-rollup.ts'

/** What is stored of a whole series, and of which versions its buckets are. */
export type Whole = {
  bucket: Readonly<Record<FieldName, number>>
  traits: SeriesTraits
  validFrom: number
  version: number
  /** Tells its points from those of other series. */
  hash: bigint
}

/** Some 600 bytes each. */
const maxWholes = 50_000

/**
 * Wholes that were read, so that a chart is one query. A process that alone writes to the store can keep them: it knows when
 * one changes. Null stands for a series without a rollup.
 */
export class WholeCache {
  private readonly byRun = new Map<string, Map<string, Whole | null>>()
  private size = 0
  private changeCount = 0

  /** How often wholes were dropped: what was read before one of these may be older than it must be. */
  get changes(): number {
    return this.changeCount
  }

  /** Undefined for one that is not known. */
  get(run: string, series: string): Whole | null | undefined {
    return this.byRun.get(run)?.get(series)
  }

  /** Keeps what was read when `changes` was as given, if it still is. */
  set(run: string, series: string, whole: Whole | null, changes: number): void {
    if (changes !== this.changeCount) return
    if (this.size >= maxWholes) this.clear()
    const ofRun = this.byRun.get(run) ?? new Map<string, Whole | null>()
    if (!ofRun.has(series)) this.size++
    this.byRun.set(run, ofRun.set(series, whole))
  }

  /** Forgets all series of a run: another one may be stored of them from now on. */
  drop(run: string): void {
    this.size -= this.byRun.get(run)?.size ?? 0
    this.byRun.delete(run)
    this.changeCount++
  }

  clear(): void {
    this.byRun.clear()
    this.size = 0
    this.changeCount++
  }
}
