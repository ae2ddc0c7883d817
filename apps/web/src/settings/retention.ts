import { type Expiring, keepTag, retentionDaysSchema } from '@kiroku/core/projects'
import { formatCount } from '../format/numbers.ts'

/** Reads a number of days as it is typed; null when it is none that a retention can have. */
export function parseDays(text: string): number | null {
  const parsed = retentionDaysSchema.unwrap().safeParse(/^\d+$/.test(text.trim()) ? Number(text) : Number.NaN)
  return parsed.success ? parsed.data : null
}

const runs = (count: number): string => `${formatCount(count)} ${count === 1 ? 'run' : 'runs'}`
const go = (count: number): string => (count === 1 ? 'goes' : 'go')

/** What a retention would do, in parts of which the first tells what is lost at once. */
export function describeForecast({ now, soon, kept }: Expiring): { atOnce: string; later: string } {
  const atOnce = now === 0 ? 'No run goes now' : `${runs(now)} ${go(now)} within the hour`
  const next = soon === 0 ? 'none in the next 7 days' : `${formatCount(soon)} more in the next 7 days`
  const stays = kept === 0 ? '' : `; ${runs(kept)} ${kept === 1 ? 'stays' : 'stay'} for the tag ${keepTag}`
  return { atOnce, later: `, ${next}${stays}.` }
}
