import { KirokuError } from '@kiroku/core/errors'

/** What is said of a run that is not there, or was deleted. */
export function noRun(slug: string): KirokuError {
  return new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${slug}` })
}
