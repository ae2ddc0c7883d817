import type { ArtifactsService } from '../artifacts/index.ts'
import type { ConsoleService } from '../console/index.ts'
import type { FilesService } from '../files/index.ts'
import type { ProjectsRepository } from '../projects/index.ts'
import type { SweepsService } from '../sweeps/index.ts'
import type { DownloadLinks } from './files/download-links.ts'
import type { WandbFilesService } from './files/wandb-files.service.ts'
import type { WandbHistoryService } from './history/wandb-history.service.ts'
import type { RunQueries } from './runs/index.ts'
import type { WandbRunsService } from './runs/wandb-runs.service.ts'
import type { AlertsService } from './stream/alerts.service.ts'
import type { FileStreamService } from './stream/file-stream.service.ts'

/** What resolvers and routes of the protocol work with. */
export type WandbServices = {
  artifacts: ArtifactsService
  runs: WandbRunsService
  queries: RunQueries
  history: WandbHistoryService
  console: Pick<ConsoleService, 'page'>
  projects: Pick<ProjectsRepository, 'list' | 'summary' | 'byName' | 'ensure'>
  runFiles: Pick<FilesService, 'list' | 'md5s' | 'detach'>
  stream: FileStreamService
  alerts: AlertsService
  files: WandbFilesService
  links: DownloadLinks
  sweeps: SweepsService
}
