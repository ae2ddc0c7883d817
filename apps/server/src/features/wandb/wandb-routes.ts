/**
 * The addresses that `wandb` clients know below their base URL. An entity is an organization. `upload` is Kiroku's own choice:
 * clients are told where to upload.
 */
export const wandbRoutes = {
  graphql: '/graphql',
  fileStream: '/files/:entity/:project/:run/file_stream',
  upload: '/files/:entity/:project/:run/upload',
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
