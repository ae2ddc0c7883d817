import { artifactModule } from './modules/artifact.module.ts'
import { artifactChangesModule } from './modules/artifact-changes.module.ts'
import { artifactCollectionsModule } from './modules/artifact-collections.module.ts'
import { artifactUploadModule } from './modules/artifact-upload.module.ts'
import { entityModule } from './modules/entity.module.ts'
import { pagingModule } from './modules/paging.module.ts'
import { projectModule } from './modules/project.module.ts'
import { resumeModule } from './modules/resume.module.ts'
import { runModule } from './modules/run.module.ts'
import { runArtifactsModule } from './modules/run-artifacts.module.ts'
import { runFilesModule } from './modules/run-files.module.ts'
import { serverInfoModule } from './modules/server-info.module.ts'
import { stopRunModule } from './modules/stop-run.module.ts'
import { upsertRunModule } from './modules/upsert-run.module.ts'
import { viewerModule } from './modules/viewer.module.ts'
import { composeSchema } from './schema.ts'

/** The GraphQL schema that `wandb` clients speak to. A new topic is a module in this list. */
export const wandbSchema = composeSchema([
  viewerModule,
  serverInfoModule,
  entityModule,
  projectModule,
  runModule,
  upsertRunModule,
  resumeModule,
  runFilesModule,
  stopRunModule,
  pagingModule,
  artifactModule,
  artifactCollectionsModule,
  artifactUploadModule,
  artifactChangesModule,
  runArtifactsModule,
])
