/** The server's addresses, below its origin. Everything else belongs to the dashboard. */
export const routes = {
  /** tRPC: control calls. */
  trpc: '/api/trpc',
  /** POST a history batch (`frameContentType`); answers `batchAckSchema` in JSON once it is on disk. */
  ingest: '/api/ingest',
  /** POST a `seriesRequestSchema` in JSON; answers a series answer (`frameContentType`). */
  series: '/api/series',
  /** POST a `groupsRequestSchema` in JSON; answers a groups answer (`frameContentType`). */
  groups: '/api/groups',
  /** GET a `pointsRequestSchema` in the address: every point of one metric, or a page, as `encodePoints` has them. */
  points: '/api/points',
  /** GET `?organization=…&project=…`; a server-sent stream of `liveNoticeSchema`, or of all projects without `project`. */
  live: '/api/live',
  /**
   * GET `?organization=…&project=…&run=…&path=…`: the bytes of one of the run's files, or a range of them; with `&as=page` an HTML
   * file as a page without origin and network.
   */
  files: '/api/files',
  /** GET an `artifactFileRequestSchema` in the address: the bytes of a file of an artifact, or of its list of files, or a range of them. */
  artifactFiles: '/api/artifacts',
  /** GET a `wholeConsoleInputSchema` in the address: all that the run printed, as plain text or a JSON line each. */
  console: '/api/console',
  /** POST a `sqlRequestSchema` in JSON; answers `sqlAnswerSchema`. */
  sql: '/api/sql',
  /**
   * PUT `/<sha256>`: content that a `file` update then names, or with `?of=artifact`, which may be larger, an artifact. The body's
   * hash must be the one in the address.
   */
  blobs: '/api/blobs',
  /** POST a `backupRequestSchema` with the owner's key, on the server's machine; answers `backupEventSchema` lines. */
  backup: '/api/backup',
  /** POST `{ apiKey }` for a session cookie; DELETE ends it. */
  session: '/api/session',
  /** GET: the page that draws the Plotly figure which is posted to it. Outside of `/api`, since its frame has no session. */
  figureFrame: '/_figures/plotly',
  /** GET: 200 while the process lives. */
  health: '/api/health',
  /** GET: 200 when both databases answer, 503 otherwise. */
  ready: '/api/ready',
} as const

/** A run's page. */
export function runPath(address: { organization: string; project: string; run: string }): string {
  return `${projectPath(address)}/runs/${encodeURIComponent(address.run)}`
}

/** A project's workspace page. */
export function projectPath(address: { organization: string; project: string }): string {
  return `/${encodeURIComponent(address.organization)}/${encodeURIComponent(address.project)}`
}

/** A project's sweeps, or one of them. */
export function sweepPath(address: { organization: string; project: string; sweep?: string }): string {
  const of = address.sweep === undefined ? '' : `/${encodeURIComponent(address.sweep)}`
  return `${projectPath(address)}/sweeps${of}`
}

/** A page of a project's artifacts; of one of them with `name`, and of one of its versions with `version` (`v0`). */
export function artifactPath(address: {
  organization: string
  project: string
  name?: string
  version?: string
}): string {
  const parts = [address.name, address.version].filter((part) => part !== undefined).map(encodeURIComponent)
  return [`${projectPath(address)}/artifacts`, ...parts].join('/')
}

/** A project's settings: its name, how long it keeps runs, what it takes, its deletion. */
export function projectSettingsPath(address: { organization: string; project: string }): string {
  return `${projectPath(address)}/settings`
}

/** An organization's settings: what its projects take, its deletion. */
export function organizationSettingsPath(organization: string): string {
  return `/settings/organizations/${encodeURIComponent(organization)}`
}
