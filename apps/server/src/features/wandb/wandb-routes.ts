/**
 * The addresses that `wandb` clients know below their base URL. An entity is an organization. `upload` and `download` are Kiroku's own
 * choice: clients are told where to go.
 */
export const wandbRoutes = {
  graphql: '/graphql',
  fileStream: '/files/:entity/:project/:run/file_stream',
  upload: '/files/:entity/:project/:run/upload',
  /** Answers whoever has a link that a client was given. */
  download: '/files/:entity/:project/:run/download',
  /** Where people are sent for a key to paste. */
  authorize: '/authorize',
  ready: '/ready',
} as const

/** Where a client uploads a file of a run, below the server's address. */
export function uploadPath(
  { organization, project }: { organization: string; project: string },
  run: string,
  path: string,
): string {
  const names = [organization, project, run].map(encodeURIComponent)
  return `/files/${names.join('/')}/upload?path=${encodeURIComponent(path)}`
}

/** Where a file of a run is for whoever has the signature, until a time in unix milliseconds. */
export function downloadPath(
  { organization, project }: { organization: string; project: string },
  run: string,
  query: { path: string; until: number; signature: string },
): string {
  const names = [organization, project, run].map(encodeURIComponent)
  return `/files/${names.join('/')}/download?${new URLSearchParams({ ...query, until: String(query.until) })}`
}
