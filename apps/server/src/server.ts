import { KirokuError } from '@kiroku/core/errors'
import { openMetricStore } from '@kiroku/metric-store'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import * as z from 'zod'
import { openDatabase } from './database/database.ts'
import { createDatabaseClock } from './database/database-clock.ts'
import { listenForNotices } from './database/notifications.ts'
import { openEngines } from './engines/index.ts'
import { type Environment, readEnvironment } from './env.ts'
import {
  createArtifactChanges,
  createArtifactManifests,
  createArtifactRecords,
  createArtifactsRepository,
  createArtifactsService,
  createImportedArtifacts,
  registerArtifactRoute,
} from './features/artifacts/index.ts'
import { createBackupRepository, createBackupService, registerBackupRoute } from './features/backup/index.ts'
import { createConsoleService, registerConsoleRoute } from './features/console/index.ts'
import { registerFigureRoutes } from './features/figures/index.ts'
import {
  createBlobsRepository,
  createDirectoryBlobStorage,
  createFilesRepository,
  createFilesService,
  registerFileRoutes,
} from './features/files/index.ts'
import { createGroupsService, registerGroupsRoute } from './features/groups/index.ts'
import { registerHealthRoutes } from './features/health/index.ts'
import {
  createHistoryRepository,
  createHistoryService,
  type OnIngestStep,
  registerIngestRoute,
} from './features/history/index.ts'
import { createKeysRepository } from './features/keys/index.ts'
import { createLiveService, registerLiveRoute } from './features/live/index.ts'
import { createMeasuresService } from './features/measures/index.ts'
import { createMetricsRepository } from './features/metrics/index.ts'
import { createOrganizationsRepository, createOrganizationsService } from './features/organizations/index.ts'
import { type CreatedOrganization, createOwnerRepository, openOwner } from './features/owner/index.ts'
import { createProjectChanges, createProjectsRepository } from './features/projects/index.ts'
import { createRollupsRepository, startRoller } from './features/rollups/index.ts'
import {
  createPendingChanges,
  createRunChunksRepository,
  createRunsRepository,
  createStartRunService,
  startRunGatherer,
} from './features/runs/index.ts'
import { createSeriesService, registerSeriesRoutes } from './features/series/index.ts'
import { createIdentitiesRepository, registerSessionRoutes } from './features/sessions/index.ts'
import { createSqlRepository, createSqlService, registerSqlRoute } from './features/sql/index.ts'
import { createPurgeRepository, createSweeperRepository, startSweeper } from './features/sweeper/index.ts'
import { createAgentsRepository, createSweepsRepository, createSweepsService } from './features/sweeps/index.ts'
import { createUsageRepository, createUsageService } from './features/usage/index.ts'
import { createCustomChartsRepository, createWandbRunsRepository, registerWandb } from './features/wandb/index.ts'
import { createApp, type LogLevel } from './http/app.ts'
import { openDashboard, registerDashboard } from './http/dashboard.ts'
import type { Services } from './services.ts'

/** How to start a server. What is left out comes from the environment, then from the defaults named here. */
export type ServerOptions = {
  /** Where the embedded engines keep everything; made when it is not there. */
  dataDir: string
  /** 0 takes a free port. */
  port: number
  /** The address to listen on; `127.0.0.1` for this machine alone. */
  host?: string | undefined
  /** The directory of the built dashboard; without it the API is served alone. */
  webDir?: string | undefined
  databaseUrl?: string | undefined
  clickhouseUrl?: string | undefined
  /** The name of a cluster that the server at `clickhouseUrl` is of. */
  clickhouseCluster?: string | undefined
  /** Where the contents of files are kept; below `dataDir` when left out. */
  filesDir?: string | undefined
  logLevel?: LogLevel | undefined
  /** The path that a proxy has the server below and leaves in addresses: `/kiroku`. */
  pathPrefix?: string | undefined
  /** Where browsers find the dashboard, when scripts find the server below a path: `https://kiroku.example.org`. */
  dashboardUrl?: string | undefined
  localSignIn?: Environment['KIROKU_LOCAL_SIGN_IN'] | undefined
  /** How long a running run may be silent before it counts as crashed. */
  crashAfterMs?: number | undefined
  /** How long what was deleted can be restored, and how long content is kept that no file names; a day when left out. */
  purgeAfterMs?: number | undefined
  /** Called when a purge has taken something out of ClickHouse and nothing else yet, so that tests can fail there. */
  onErased?: (() => Promise<void>) | undefined
  /** Told of each step of a batch's way, so that tests can fail there. */
  onIngestStep?: OnIngestStep | undefined
  /** Called for each route that is registered, so that tests can walk all of them. */
  onRoute?: ((route: { method: string | string[]; url: string }) => void) | undefined
}

/** A server that answers. */
export type RunningServer = AsyncDisposable & {
  url: string
  /** The owner's key; null when PostgreSQL is not embedded and an earlier start told it. */
  apiKey: string | null
  organization: string
  dataDir: string
  /** Whether the owner's key is kept in the data directory; otherwise `apiKey` is told this once. */
  isEmbedded: boolean
  /** Makes an organization with a user and a key of its own. Throws CONFLICT when there is one of that name. */
  createOrganization(slug: string): Promise<CreatedOrganization>
  /** Ends live streams, answers what is under way, then closes the databases. */
  close(): Promise<void>
}

/**
 * Opens the engines, migrates, and serves API and dashboard on one port. Throws `KirokuError` of one line when something
 * is in the way: the data directory, a database, the port.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const environment = readEnvironment()
  const cleanup = new AsyncStack()
  try {
    return await start(options, environment, cleanup)
  } catch (error) {
    // What was in the way is worth more than what then went wrong with closing.
    await cleanup.close().catch(() => {})
    throw error
  }
}

const dayMs = 24 * 60 * 60 * 1000

async function start(options: ServerOptions, environment: Environment, cleanup: AsyncStack): Promise<RunningServer> {
  const crashAfterMs = options.crashAfterMs ?? environment.KIROKU_CRASH_AFTER_MS
  const purgeAfterMs = options.purgeAfterMs ?? dayMs
  const openingDashboard = options.webDir === undefined ? undefined : openDashboard(options.webDir)
  // A failure of the dashboard is reported where it is awaited, also when the engines fail first.
  openingDashboard?.catch(() => {})
  let log: FastifyBaseLogger | undefined
  const engines = await openEngines({
    onTrouble: (message) => log?.error(message),
    dataDir: options.dataDir,
    databaseUrl: options.databaseUrl ?? environment.DATABASE_URL,
    clickhouseUrl: options.clickhouseUrl ?? environment.CLICKHOUSE_URL,
    filesDir: options.filesDir ?? environment.KIROKU_FILES_DIR,
    clickhouseCluster: options.clickhouseCluster ?? environment.CLICKHOUSE_CLUSTER,
  })
  cleanup.add(() => engines.close())
  const clock = createDatabaseClock()
  const { clickhouse } = engines
  const [database, store] = await bothOrNone(
    openDatabase(engines.databaseUrl),
    openMetricStore(clickhouse.kind === 'server' ? { ...clickhouse, now: clock.now } : clickhouse),
  )
  cleanup.add(() => database.close())
  cleanup.add(() => store.close())
  await clock.ask(database)
  const listener = await listenForNotices(engines.databaseUrl)
  cleanup.add(() => listener.close())

  const owners = createOwnerRepository(database)
  const owner = await openOwner(owners, engines.isEmbedded ? engines.dataDir : null)
  const metrics = createMetricsRepository(database)
  const history = createHistoryService({
    store,
    repository: createHistoryRepository(database, store, crashAfterMs),
    onStep: options.onIngestStep,
  })
  const projects = createProjectsRepository(database)
  const runs = createRunsRepository(database, crashAfterMs, purgeAfterMs)
  const storage = createDirectoryBlobStorage(engines.filesDir)
  const blobs = createBlobsRepository(database)
  const identities = createIdentitiesRepository(database)
  const files = createFilesService(storage, { blobs, files: createFilesRepository(database) })
  const services: Services = {
    artifacts: createArtifactsService({
      repository: createArtifactsRepository(database),
      changes: createArtifactChanges(database),
      lists: createArtifactManifests(database),
      records: createArtifactRecords(database),
      imports: createImportedArtifacts(database),
      files,
    }),
    console: createConsoleService(store, metrics, runs),
    files,
    groups: createGroupsService(store, metrics),
    history,
    identities,
    keys: createKeysRepository(database),
    live: createLiveService(listener),
    measures: createMeasuresService(store, metrics),
    metrics,
    organizations: createOrganizationsService(
      createOrganizationsRepository(database, purgeAfterMs),
      identities,
      purgeAfterMs,
    ),
    projectChanges: createProjectChanges(database, purgeAfterMs),
    projects,
    runs,
    runStart: createStartRunService({ projects, runs, history, changes: createPendingChanges(database, store) }),
    series: createSeriesService(store, metrics, createCustomChartsRepository(database)),
    usage: createUsageService(createUsageRepository(database), store, purgeAfterMs),
    sql: createSqlService(store, createSqlRepository(database)),
    sweeps: createSweepsService({
      sweeps: createSweepsRepository(database, crashAfterMs),
      agents: createAgentsRepository(database, crashAfterMs),
      store,
    }),
  }

  const app = createApp(
    services,
    {
      logLevel: options.logLevel ?? environment.KIROKU_LOG_LEVEL,
      pathPrefix: options.pathPrefix ?? environment.KIROKU_PATH_PREFIX,
    },
    options.onRoute,
  )
  log = app.log
  registerHealthRoutes(app, database, store)
  registerSessionRoutes(app, services.identities)
  registerIngestRoute(app, services.history)
  registerSeriesRoutes(app, services.series, services.projects)
  registerGroupsRoute(app, services.groups, services.projects)
  registerFigureRoutes(app)
  registerFileRoutes(app, services.files, services.projects)
  registerArtifactRoute(app, services.artifacts, services.projects)
  registerConsoleRoute(app, services.console, services.projects)
  registerSqlRoute(app, services.sql, services.projects)
  registerLiveRoute(app, services)
  registerWandb(app, services, { repository: createWandbRunsRepository(database, crashAfterMs), store })
  const backup = createBackupService({
    repository: createBackupRepository(database),
    store,
    storage,
    blobs,
    files: services.files,
    dataDir: engines.dataDir,
    isEmbedded: engines.isEmbedded && engines.clickhouse.kind === 'embedded',
  })
  registerBackupRoute(app, backup, owner.apiKey)
  const dashboard = await openingDashboard
  if (dashboard) cleanup.add(() => dashboard.close())
  const localSignIn = options.localSignIn ?? environment.KIROKU_LOCAL_SIGN_IN
  const isLocal = localSignIn === 'on' || (localSignIn === 'auto' && engines.isEmbedded)
  registerDashboard(app, {
    dashboard,
    identities: services.identities,
    localUserId: isLocal ? owner.userId : null,
    ownUrl: options.dashboardUrl ?? environment.KIROKU_DASHBOARD_URL,
  })
  // In this order at the end: live streams end, waiting batches are answered, connections close.
  cleanup.add(() => closeApp(app))
  cleanup.add(() => services.history.close())
  cleanup.add(() => backup.close())
  cleanup.add(async () => services.live.close())
  const url = await listen(app, options.host ?? '127.0.0.1', options.port)
  const rollups = engines.clickhouse.kind === 'embedded' ? null : createRollupsRepository(database, clock)
  const sweeper = startSweeper({
    repository: createSweeperRepository(database),
    identities,
    purges: createPurgeRepository(database),
    files: services.files,
    blobs: storage,
    rollups,
    store,
    crashAfterMs,
    purgeAfterMs,
    onErased: options.onErased,
    log: app.log,
  })
  cleanup.add(() => sweeper.stop())
  const roller = startRoller({
    store,
    repository: rollups,
    log: app.log,
  })
  cleanup.add(() => roller.stop())
  const gatherer = startRunGatherer({ repository: createRunChunksRepository(database), log: app.log })
  cleanup.add(() => gatherer.stop())
  app.log.info({ url, dataDir: engines.dataDir, embedded: engines.isEmbedded }, 'Kiroku serves')

  return {
    url,
    apiKey: owner.apiKey,
    organization: owner.organization,
    dataDir: engines.dataDir,
    isEmbedded: engines.isEmbedded,
    createOrganization: (slug) => owners.createOrganization(slug),
    close: () => cleanup.close(),
    [Symbol.asyncDispose]: () => cleanup.close(),
  }
}

const closingGraceMs = 10_000

/** Waits for requests under way, but not for ever: one that never ends is cut off. */
async function closeApp(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), closingGraceMs)
  try {
    await app.close()
  } finally {
    clearTimeout(timer)
  }
}

/** Both, or neither: when one fails to open, the other is closed again. */
async function bothOrNone<A extends Closable, B extends Closable>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b])
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value]
  if (first.status === 'fulfilled') await first.value.close()
  if (second.status === 'fulfilled') await second.value.close()
  throw first.status === 'rejected' ? first.reason : second.status === 'rejected' ? second.reason : undefined
}

type Closable = { close(): Promise<void> }

const listenErrorSchema = z.object({ code: z.string() })

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const code = listenErrorSchema.safeParse(cause).data?.code
    if (code === 'EADDRINUSE')
      throw new KirokuError({
        code: 'CONFLICT',
        message: `port ${port} is taken; choose another one with --port`,
        cause,
      })
    if (code === 'EACCES')
      throw new KirokuError({
        code: 'FORBIDDEN',
        message: `port ${port} may not be used; choose one above 1023`,
        cause,
      })
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new KirokuError({ code: 'BAD_REQUEST', message: `this machine has no address ${host}`, cause })
    throw cause
  }
  const address = app.server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  const shown = host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host
  return `http://${shown === '[::]' ? '127.0.0.1' : shown}:${taken}`
}

/** What to undo at the end, last first; undone once, and to the end even if a step fails. */
class AsyncStack {
  private readonly steps: (() => Promise<void>)[] = []
  private closing: Promise<void> | undefined

  add(step: () => Promise<void>): void {
    this.steps.push(step)
  }

  close(): Promise<void> {
    this.closing ??= this.run()
    return this.closing
  }

  private async run(): Promise<void> {
    const failures: unknown[] = []
    for (const step of this.steps.reverse()) await step().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
}
