import { errorBodySchema, KirokuError } from '@kiroku/core/errors'
import { decodeGroupsAnswer, type GroupsAnswer, type GroupsRequest } from '@kiroku/core/groups'
import { routes } from '@kiroku/core/routes'
import { decodeSeriesAnswer, type SeriesAnswer, type SeriesRequest } from '@kiroku/core/series'

/** Asks the server for a chart's series. Throws `KirokuError` with the server's own words when it refuses. */
export async function fetchSeries(request: SeriesRequest, signal: AbortSignal): Promise<SeriesAnswer> {
  return decodeSeriesAnswer(await fetchFrame(routes.series, request, signal))
}

/** Asks the server for a chart of groups, in the same way. */
export async function fetchGroups(request: GroupsRequest, signal: AbortSignal): Promise<GroupsAnswer> {
  return decodeGroupsAnswer(await fetchFrame(routes.groups, request, signal))
}

async function fetchFrame(route: string, request: unknown, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(route, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  })
  if (!response.ok) throw await errorOf(response)
  return new Uint8Array(await response.arrayBuffer())
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
