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
  /** Kiroku's own choices: where contents and lists of files of artifacts are uploaded, and, signed, read without a key. */
  artifactContent: '/artifacts/:entity/contents/:md5',
  artifactManifest: '/artifacts/:entity/manifests/:id',
  artifactLink: '/artifacts/:entity/files/:id',
  /** Where clients read contents by their MD5, in hexadecimal digits: among the last two names of the second. */
  artifactV1: '/artifacts/:entity/:md5',
  artifactV2: '/artifactsV2/:region/:entity/*',
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

/** Where a client uploads a content of the MD5 (base64), below the server's address. */
export function artifactContentPath({ organization }: { organization: string }, md5: string): string {
  return `/artifacts/${encodeURIComponent(organization)}/contents/${Buffer.from(md5, 'base64').toString('hex')}`
}

/** Where a client uploads the list of an artifact's files. */
export function artifactManifestPath({ organization }: { organization: string }, id: string): string {
  return `/artifacts/${encodeURIComponent(organization)}/manifests/${id}`
}

/** Where a file of an artifact, or with null its list of files, is read by whoever has the address. */
export function artifactLinkPath(
  { organizationId }: { organizationId: string },
  { id, path, expires, signature }: { id: string; path: string | null; expires: number; signature: string },
): string {
  const query = new URLSearchParams({ ...(path !== null && { path }), expires: String(expires), signature })
  return `/artifacts/${organizationId}/files/${id}?${query}`
}
