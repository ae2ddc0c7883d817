import { alertModule } from './modules/alert.module.ts'
import { artifactModule } from './modules/artifact.module.ts'
import { artifactChangesModule } from './modules/artifact-changes.module.ts'
import { artifactCollectionsModule } from './modules/artifact-collections.module.ts'
import { artifactUploadModule } from './modules/artifact-upload.module.ts'
import { consoleModule } from './modules/console.module.ts'
import { deleteRunModule } from './modules/delete-run.module.ts'
import { entityModule } from './modules/entity.module.ts'
import { historyModule } from './modules/history.module.ts'
import { pagingModule } from './modules/paging.module.ts'
import { projectModule } from './modules/project.module.ts'
import { projectListModule } from './modules/project-list.module.ts'
import { resumeModule } from './modules/resume.module.ts'
import { runModule } from './modules/run.module.ts'
import { runArtifactsModule } from './modules/run-artifacts.module.ts'
import { runFileListModule } from './modules/run-file-list.module.ts'
import { runFilesModule } from './modules/run-files.module.ts'
import { runKeysModule } from './modules/run-keys.module.ts'
import { runListModule } from './modules/run-list.module.ts'
import { serverInfoModule } from './modules/server-info.module.ts'
import { stopRunModule } from './modules/stop-run.module.ts'
import { sweepModule } from './modules/sweep.module.ts'
import { sweepAgentModule } from './modules/sweep-agent.module.ts'
import { upsertRunModule } from './modules/upsert-run.module.ts'
import { upsertSweepModule } from './modules/upsert-sweep.module.ts'
import { viewerModule } from './modules/viewer.module.ts'
import { composeSchema } from './schema.ts'

/** The GraphQL schema that `wandb` clients speak to. A new topic is a module in this list. */
export const wandbSchema = composeSchema([
  viewerModule,
  serverInfoModule,
  entityModule,
  pagingModule,
  projectModule,
  runModule,
  upsertRunModule,
  resumeModule,
  runFilesModule,
  stopRunModule,
  alertModule,
  consoleModule,
  deleteRunModule,
  historyModule,
  projectListModule,
  runFileListModule,
  runKeysModule,
  runListModule,
  sweepModule,
  upsertSweepModule,
  sweepAgentModule,
  artifactModule,
  artifactCollectionsModule,
  artifactUploadModule,
  artifactChangesModule,
  runArtifactsModule,
])
