import type { MetricStore } from '@kiroku/metric-store'
import type { FastifyInstance } from 'fastify'
import type { Services } from '../../services.ts'
import { registerArtifactContentRoutes, registerArtifactLinkRoutes } from './files/artifact-files.route.ts'
import { registerDownloadRoute } from './files/download.route.ts'
import { createDownloadLinks } from './files/download-links.ts'
import { registerUploadRoute } from './files/upload.route.ts'
import { createWandbFilesService } from './files/wandb-files.service.ts'
import { registerGraphqlRoute } from './graphql/graphql.route.ts'
import { createWandbHistoryService } from './history/wandb-history.service.ts'
import { registerOtherRoutes } from './other-routes.ts'
import { createRunQueries } from './runs/run-queries.ts'
import type { WandbRunsRepository } from './runs/wandb-runs.repository.ts'
import { createWandbRunsService } from './runs/wandb-runs.service.ts'
import { createAlertsService } from './stream/alerts.service.ts'
import { registerFileStreamRoute } from './stream/file-stream.route.ts'
import { createFileStreamService } from './stream/file-stream.service.ts'
import { requireCallers } from './wandb-caller.ts'
import { answerWandbErrors } from './wandb-errors.ts'
import type { WandbServices } from './wandb-services.ts'

/**
 * Lets unmodified `wandb` clients log to this server and read from it: their GraphQL operations, `file_stream` posts and uploads become calls of
 * the services that Kiroku's own SDK uses.
 */
export function registerWandb(
  app: FastifyInstance,
  services: Services,
  { repository, store }: { repository: WandbRunsRepository; store: Pick<MetricStore, 'rows' | 'textCounts'> },
): void {
  const { history, projects, identities, metrics, runs, runStart } = services
  const files = createWandbFilesService({ files: services.files, runs })
  const stream = createFileStreamService({ history, repository, files })
  const wandb: WandbServices = {
    artifacts: services.artifacts,
    runs: createWandbRunsService({ projects, runs, starts: runStart, repository }),
    queries: createRunQueries({ runs, repository, metrics, store }),
    history: createWandbHistoryService(store, metrics),
    console: services.console,
    projects,
    runFiles: services.files,
    stream,
    alerts: createAlertsService(stream),
    files,
    links: createDownloadLinks(identities),
    sweeps: services.sweeps,
  }
  app.register(async (part) => {
    answerWandbErrors(part)
    registerOtherRoutes(part)
    registerDownloadRoute(part, { links: wandb.links, files: services.files, projects })
    registerArtifactLinkRoutes(part, services.artifacts)
    part.register(async (known) => {
      requireCallers(known, identities)
      registerGraphqlRoute(known, wandb)
      registerFileStreamRoute(known, { stream: wandb.stream, history, projects })
      registerUploadRoute(known, files, projects)
      registerArtifactContentRoutes(known, services.artifacts)
    })
  })
}
