import type { ArtifactsService } from '../artifacts/index.ts'
import type { WandbFilesService } from './files/wandb-files.service.ts'
import type { WandbRunsService } from './runs/wandb-runs.service.ts'
import type { FileStreamService } from './stream/file-stream.service.ts'

/** What resolvers and routes of the protocol work with. */
export type WandbServices = {
  artifacts: ArtifactsService
  runs: WandbRunsService
  stream: FileStreamService
  files: WandbFilesService
}
