import { artifactRecordsRouter, artifactsRouter } from './features/artifacts/index.ts'
import { consoleRouter } from './features/console/index.ts'
import { filesRouter } from './features/files/index.ts'
import { keysRouter } from './features/keys/index.ts'
import { measuresRouter } from './features/measures/index.ts'
import { metricsRouter, textsRouter } from './features/metrics/index.ts'
import { organizationsRouter } from './features/organizations/index.ts'
import { projectsRouter } from './features/projects/index.ts'
import { runsRouter } from './features/runs/index.ts'
import { sqlRouter } from './features/sql/index.ts'
import { sweepsRouter } from './features/sweeps/index.ts'
import { usageRouter } from './features/usage/index.ts'
import { viewerRouter } from './features/viewer/index.ts'
import { router } from './http/trpc.ts'

/** All procedures. */
export const appRouter = router({
  artifactRecords: artifactRecordsRouter,
  artifacts: artifactsRouter,
  console: consoleRouter,
  files: filesRouter,
  keys: keysRouter,
  measures: measuresRouter,
  metrics: metricsRouter,
  organizations: organizationsRouter,
  projects: projectsRouter,
  runs: runsRouter,
  sql: sqlRouter,
  sweeps: sweepsRouter,
  texts: textsRouter,
  usage: usageRouter,
  viewer: viewerRouter,
})

export type AppRouter = typeof appRouter
