import { errorBodySchema, KirokuError } from '@kiroku/core/errors'
import { routes } from '@kiroku/core/routes'
import { decodeSeriesAnswer, type SeriesAnswer, type SeriesRequest } from '@kiroku/core/series'

/** Asks the server for a chart's series. Throws `KirokuError` with the server's own words when it refuses. */
export async function fetchSeries(request: SeriesRequest, signal: AbortSignal): Promise<SeriesAnswer> {
  const response = await fetch(routes.series, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  })
  if (!response.ok) throw await errorOf(response)
  return decodeSeriesAnswer(new Uint8Array(await response.arrayBuffer()))
}

/** The error that a refusal tells. */
export async function errorOf(response: Response): Promise<KirokuError> {
  const body = errorBodySchema.safeParse(await response.json().catch(() => null))
  if (body.success) return new KirokuError(body.data)
  return new KirokuError({
    code: response.status === 401 ? 'UNAUTHORIZED' : 'INTERNAL',
    message: `The server answered ${response.status}.`,
  })
}
