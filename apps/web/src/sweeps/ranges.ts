import type { RunLine } from './prepare-sweep.ts'

/** What the reader chose on axes of the parallel coordinates: places of 0 to 1, by the number of the axis. */
export type Ranges = Readonly<Record<number, { from: number; to: number }>>

/** Whether a run lies within all that is chosen. A run without a place on such an axis does not. */
export function isWithin({ places }: RunLine, ranges: Ranges): boolean {
  return Object.entries(ranges).every(([axis, { from, to }]) => {
    const place = places[Number(axis)]
    return place != null && place >= from - 1e-9 && place <= to + 1e-9
  })
}

/** A range on one axis, or none of it where both ends are at the same place. */
export function withRange(ranges: Ranges, axis: number, one: number, other: number): Ranges {
  const { [axis]: _before, ...others } = ranges
  const clamp = (at: number): number => Math.min(1, Math.max(0, at))
  const [from, to] = [clamp(Math.min(one, other)), clamp(Math.max(one, other))]
  return to - from < 0.01 ? others : { ...others, [axis]: { from, to } }
}
