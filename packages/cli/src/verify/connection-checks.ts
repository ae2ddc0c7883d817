import { KirokuError } from '@kiroku/core/errors'
import { routes } from '@kiroku/core/routes'

const timeoutMs = 15_000
/** Beyond it, lines of several machines no longer stand side by side. */
const widestClockGapMs = 10_000

/** Whether a Kiroku server answers there and its databases do. Throws `KirokuError` that tells what came instead. */
export async function checkReachable(url: string): Promise<string> {
  const { response, tookMs } = await ask(url + routes.ready)
  if (response.ok) return `${url} answers in ${Math.round(tookMs)} ms`
  const alive = await ask(url + routes.health)
  throw new KirokuError({
    code: 'UNAVAILABLE',
    message: alive.response.ok
      ? `the server lives, but one of its databases does not answer (${response.status})`
      : `${url} answers ${response.status}, which is no Kiroku server's answer`,
  })
}

/** How far the server's clock is from this one's, as exact as HTTP's seconds are. Throws beyond ten seconds. */
export async function checkClock(url: string): Promise<string> {
  const { response, tookMs, midwayAt } = await ask(url + routes.health)
  const date = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(date)) return 'the server does not tell its time'
  const gapMs = date + 500 - midwayAt
  const text = `${(Math.abs(gapMs) / 1000).toFixed(1)} s apart`
  if (Math.abs(gapMs) <= widestClockGapMs + tookMs) return text
  const which = gapMs > 0 ? 'ahead of' : 'behind'
  throw new KirokuError({ code: 'CONFLICT', message: `the server's clock is ${text}, ${which} this one` })
}

async function ask(address: string): Promise<{ response: Response; tookMs: number; midwayAt: number }> {
  const startedAt = Date.now()
  const start = performance.now()
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs) })
    const tookMs = performance.now() - start
    await response.arrayBuffer()
    return { response, tookMs, midwayAt: startedAt + tookMs / 2 }
  } catch (cause) {
    throw new KirokuError({ code: 'UNAVAILABLE', message: `nobody answers at ${address} (${reasonOf(cause)})`, cause })
  }
}

/** What fetch hides: the cause has the system's word for it. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const inner = cause.cause instanceof Error ? cause.cause : cause
  return 'code' in inner && typeof inner.code === 'string' ? inner.code : inner.message
}
