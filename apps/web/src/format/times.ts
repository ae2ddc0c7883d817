const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const units = [
  { name: 'y', ms: 365 * day },
  { name: 'd', ms: day },
  { name: 'h', ms: hour },
  { name: 'm', ms: minute },
  { name: 's', ms: second },
] as const

/** How long ago, in one unit: `now`, `12 s`, `3 m`, `5 h`, `2 d`, `1 y`. */
export function formatAge(ageMs: number): string {
  const unit = units.find(({ ms }) => ageMs >= ms)
  return unit === undefined || ageMs < 5 * second ? 'now' : `${Math.floor(ageMs / unit.ms)} ${unit.name}`
}

/** A duration in its two largest units: `340 ms`, `12.3 s`, `4 m 05 s`, `2 h 14 m`, `3 d 2 h`. */
export function formatDuration(durationMs: number): string {
  const sign = durationMs < 0 ? '−' : ''
  const ms = Math.abs(durationMs)
  if (ms < second) return `${sign}${Math.round(ms)} ms`
  if (ms < minute) return `${sign}${(Math.floor(ms / 100) / 10).toString()} s`
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  if (ms < hour) return `${sign}${Math.floor(ms / minute)} m ${two((ms % minute) / second)} s`
  if (ms < day) return `${sign}${Math.floor(ms / hour)} h ${two((ms % hour) / minute)} m`
  return `${sign}${Math.floor(ms / day)} d ${Math.floor((ms % day) / hour)} h`
}

/** A moment in the reader's own zone, with seconds: `2026-11-23 14:05:09`. */
export function formatMoment(timeMs: number): string {
  const date = new Date(timeMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const days = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${days} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
