import type { XAxis } from '@kiroku/core/axes'
import type { FieldName, PointColumns } from '../rollups/bucket.ts'
import type { SeriesTraits } from '../rollups/series-rollup.ts'
import { type KeyedSeries, type RunClock, withKey } from './groups.ts'

/**
 * A series whose buckets can be had from the rollups: its whole up to version `version`, and the points that came since,
 * which all lie behind it. Stored buckets below version `validFrom` are not of it. `over` is the one that is its x.
 */
export type KnownSeries = {
  x: XAxis
  clock: RunClock
  whole: Readonly<Record<FieldName, number>>
  traits: SeriesTraits
  fresh: PointColumns
  validFrom: number
  version: number
  /** Tells its points from those of other series. */
  hash: bigint
  over?: KnownSeries
}

/** Where on its axis a known series is. */
export function axisOf({ x, clock }: KnownSeries): { kind: 'step' | 'time'; base: number } {
  if (x.kind === 'step') return { kind: 'step', base: 0 }
  return { kind: 'time', base: x.kind === 'relative' ? (clock.bases[0] ?? 0) : 0 }
}

/** How many points a known series has, and from where to where on its axis. */
export function extentOfKnown(known: KnownSeries): { count: number; minX: number; maxX: number } {
  const { whole, fresh, over } = known
  if (over)
    return {
      count: whole.count + fresh.steps.length,
      minX: over.whole.first + 0,
      maxX: (over.fresh.values.at(-1) ?? over.whole.last) + 0,
    }
  const { kind, base } = axisOf(known)
  const last = kind === 'step' ? fresh.steps.at(-1) : fresh.times.at(-1)
  const [from, to] = kind === 'step' ? [whole.start, whole.lastStep] : [whole.startTime, whole.lastTime]
  return { count: whole.count + fresh.steps.length, minX: from - base, maxX: (last ?? to) - base }
}

/** A series over its steps. */
export function onStep(series: KeyedSeries): KeyedSeries {
  if (series.x.kind === 'step') return series
  const { run, metric, stream, segments } = series
  return withKey({ run, metric, stream, segments, x: { kind: 'step' } })
}

/** The series that a series is drawn over: what its x axis names. */
export function xSeriesOf({ run, segments, x }: KeyedSeries): KeyedSeries | null {
  if (x.kind !== 'metric') return null
  return withKey({ run, segments, metric: x.name, stream: 'history', x: { kind: 'step' } })
}

/**
 * Whether buckets of a series can be drawn over those of another one: both have the same steps, so that their buckets have the
 * same bounds, and the values of the other one rise.
 */
export function isDrawnOver(y: KnownSeries, x: KnownSeries): boolean {
  const isSame = (a: Float64Array, b: Float64Array): boolean =>
    a.length === b.length && a.every((value, index) => value === b[index])
  const { traits, whole, fresh } = x
  const rises = [whole.last, ...fresh.values].every(
    (value, index, values) => Number.isFinite(value) && (index === 0 || value >= (values[index - 1] ?? 0)),
  )
  return (
    traits.valueRises &&
    rises &&
    traits.stepHash === y.traits.stepHash &&
    whole.count === y.whole.count &&
    isSame(fresh.steps, y.fresh.steps)
  )
}
