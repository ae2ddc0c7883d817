const maxTime = 8.64e15

/** A time in unix milliseconds as it is stored: whole, and one that a date can hold. */
export function wholeTime(time: number): number {
  return Math.min(maxTime, Math.max(-maxTime, Math.round(time)))
}
