import { artifactsModule } from './modules/artifacts.module.ts'
import { entityModule } from './modules/entity.module.ts'
import { projectModule } from './modules/project.module.ts'
import { resumeModule } from './modules/resume.module.ts'
import { runModule } from './modules/run.module.ts'
import { runFilesModule } from './modules/run-files.module.ts'
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
  projectModule,
  runModule,
  upsertRunModule,
  resumeModule,
  runFilesModule,
  stopRunModule,
  artifactsModule,
  sweepModule,
  upsertSweepModule,
  sweepAgentModule,
])
